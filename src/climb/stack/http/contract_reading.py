"""An OpenAPI document as what a reader wants to know of it: every operation, what it takes, and what it answers.

References are followed, what one schema says on top of another is put together, and alternatives are told one by one. Texts are Markdown of one line,
in which whatever the document gives as a value stands as code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import yaml

__all__ = ["Answer", "Content", "Operation", "Reading", "Row", "read_contract"]

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_BOUNDS = {
    "minLength": "{} or more characters",
    "maxLength": "{} or fewer characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "{} or more items",
    "maxItems": "{} or fewer items",
    "pattern": "like {}",
    "default": "default {}",
    "const": "always {}",
}
_DEEPEST = 6  # of schemas within schemas; one that contains itself ends there
_SENT = "Sent by the service"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Row:
    """One field of a schema, one parameter, or one header. ``required``: it is always there."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True)
class Content:
    """A body of one media type. ``choice`` says which of several alternatives this is; ``example`` is empty without one."""

    media_type: str
    choice: str
    kind: str
    rows: tuple[Row, ...]
    example: str


@dataclass(frozen=True)
class Answer:
    """What comes with a status."""

    status: str
    text: str
    headers: tuple[Row, ...]
    contents: tuple[Content, ...]


@dataclass(frozen=True)
class Operation:
    """A method of a path. ``id`` is its place on a page; ``open``: nobody has to say who they are.

    ``sent``: it is the service that asks, and the path is only a name (OpenAPI 3.1, webhooks).
    """

    id: str
    group: str
    method: str
    path: str
    summary: str
    text: str
    open: bool
    parameters: tuple[Row, ...]
    bodies: tuple[Content, ...]
    answers: tuple[Answer, ...]
    sent: bool = False


@dataclass(frozen=True)
class Reading:
    """The whole document, its operations in groups."""

    title: str
    version: str
    text: str
    groups: Mapping[str, tuple[Operation, ...]]


def read_contract(text: str) -> Reading:
    """What the document, in YAML or JSON, says."""
    document: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe, one is in C
    groups: dict[str, list[Operation]] = {}
    for operation in (*_operations(document, "paths"), *_operations(document, "webhooks")):
        groups.setdefault(operation.group, []).append(operation)
    info = document["info"]
    return Reading(
        title=info["title"],
        version=str(info["version"]),
        text=info.get("description", ""),
        groups={group: tuple(operations) for group, operations in groups.items()},
    )


def _operations(document: Mapping[str, Any], where: str) -> Iterator[Operation]:
    for path, item in document.get(where, {}).items():
        for method in _METHODS:
            if method in item:
                operation = _operation(document, path, item, method)
                yield replace(operation, group=_SENT, sent=True) if where == "webhooks" else operation


def _operation(document: Mapping[str, Any], path: str, item: Mapping[str, Any], method: str) -> Operation:
    operation = item[method]
    body = _resolved(document, operation.get("requestBody", {}))
    return Operation(
        id=operation.get("operationId", f"{method}{path}").replace("/", "-").replace("{", "").replace("}", ""),
        group=next(iter(operation.get("tags", [])), ""),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        text=operation.get("description", ""),
        open=operation.get("security", document.get("security")) in (None, []),
        parameters=tuple(
            _parameter(document, given) for given in (*item.get("parameters", ()), *operation.get("parameters", ()))
        ),
        bodies=tuple(_contents(document, body)),
        answers=tuple(
            _answer(document, str(status), given) for status, given in operation.get("responses", {}).items()
        ),
    )


def _answer(document: Mapping[str, Any], status: str, given: Mapping[str, Any]) -> Answer:
    answer = _resolved(document, given)
    headers = tuple(_header(document, name, header) for name, header in answer.get("headers", {}).items())
    return Answer(status, answer.get("description", ""), headers, tuple(_contents(document, answer)))


def _parameter(document: Mapping[str, Any], given: Mapping[str, Any]) -> Row:
    parameter = _resolved(document, given)
    row = _header(document, parameter["name"], parameter)
    return replace(row, kind=f"{row.kind}, in the {parameter['in']}")


def _header(document: Mapping[str, Any], name: str, given: Mapping[str, Any]) -> Row:
    header = _resolved(document, given)
    schema = _resolved(document, header.get("schema", {}))
    return Row(name, _kind(document, schema), header.get("required", False), _said(header, schema))


def _contents(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Iterator[Content]:
    for media_type, content in holder.get("content", {}).items():
        schema = content.get("schema", {})
        examples = [_resolved(document, each).get("value") for each in content.get("examples", {}).values()]
        if not examples and "example" in content:
            examples = [content["example"]]
        alternatives = _alternatives(document, schema) or [("", schema)]
        for number, (choice, one) in enumerate(alternatives):
            given = examples[number] if len(examples) == len(alternatives) else examples[0] if examples else None
            rows = tuple(_rows(document, one, ""))
            yield Content(media_type, choice, _kind(document, one), rows, _example(media_type, given))


def _example(media_type: str, given: Any) -> str:
    if given is None or isinstance(given, str):
        return (given or "").rstrip("\n")
    if media_type == _FORM:
        return urlencode(given)
    return json.dumps(given, indent=2, ensure_ascii=False, default=str)


def _alternatives(document: Mapping[str, Any], given: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Several schemas with fields of which one holds, each with its number and name; none where there is nothing to choose."""
    schema = _resolved(document, given)
    several = [
        one for one in schema.get("oneOf") or schema.get("anyOf") or () if any(_rows(document, one, "", _DEEPEST - 1))
    ]
    if len(several) < 2:
        return []
    return [(_choice(document, one, number, len(several)), one) for number, one in enumerate(several, 1)]


def _choice(document: Mapping[str, Any], given: Mapping[str, Any], number: int, of: int) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", given.get("$ref", "").rpartition("/")[2])
    name = _resolved(document, given).get("title") or words.capitalize()
    return f"{number} of {of}" + (f": {name}" if name else "")


def _rows(document: Mapping[str, Any], given: Mapping[str, Any], path: str, depth: int = 0) -> Iterator[Row]:
    """The fields of an object, and of the objects in it; nothing for what is no object."""
    if depth > _DEEPEST:
        return
    schema = _resolved(document, given)
    parts = [_rows(document, part, path, depth + 1) for part in schema.get("allOf", ())]
    yield from _put_together([*parts, _fields(document, schema, path, depth)])
    if "items" in schema:
        yield from _rows(document, schema["items"], f"{path}[]", depth + 1)
    either = schema.get("oneOf") or schema.get("anyOf") or ()
    alternatives = _alternatives(document, schema)
    for choice, one in alternatives:
        yield Row(path, f"one: {choice}", False, _said(_resolved(document, one)))
        yield from _rows(document, one, path, depth + 1)
    if not alternatives:
        for one in either:
            yield from _rows(document, one, path, depth + 1)


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], path: str, depth: int) -> Iterator[Row]:
    for name, field in schema.get("properties", {}).items():
        inner = _resolved(document, field)
        place = f"{path}.{name}" if path else name
        yield Row(place, _kind(document, inner), name in schema.get("required", ()), _said(field, inner))
        yield from _rows(document, inner, place, depth + 1)


def _put_together(parts: Iterable[Iterable[Row]]) -> list[Row]:
    """What several parts say of one field, in one row; it stands where the first of them names it."""
    together: list[Row] = []
    for part in parts:
        before = {row.name: place for place, row in enumerate(together)}
        for row in part:
            if (place := before.get(row.name)) is None:
                together.append(row)
            else:
                together[place] = _both(together[place], row)
    return together


def _both(first: Row, second: Row) -> Row:
    text = first.text if first.text == second.text else ". ".join(part for part in (first.text, second.text) if part)
    return Row(first.name, second.kind, first.required or second.required, text)


def _kind(document: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    schema = _resolved(document, given)
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"])
    if either := schema.get("oneOf") or schema.get("anyOf"):
        return " | ".join(dict.fromkeys(_kind(document, one) for one in either))
    kind = schema.get("type", "object" if "properties" in schema or "allOf" in schema else "any")
    name = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        name = f"{name} of {_kind(document, schema['items'])}"
    return f"{name} ({schema['format']})" if "format" in schema else name


def _said(*schemas: Mapping[str, Any]) -> str:
    described = next((schema["description"] for schema in schemas if schema.get("description")), "")
    known = {word: schema[word] for schema in schemas for word in _BOUNDS if word in schema}
    bounds = "; ".join(_BOUNDS[word].format(_value(value)) for word, value in known.items())
    return ". ".join(part[:1].upper() + part[1:] for part in (" ".join(described.split()).rstrip("."), bounds) if part)


def _value(value: Any) -> str:
    """A number as it is, anything else as code (CommonMark, 6.1: within backticks, more of them than stand in a row in it)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{space}{text}{space}{fence}"


def _resolved(document: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document leads to."""
    seen = 0
    while (reference := given.get("$ref")) and seen < _DEEPEST:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        given, seen = found, seen + 1
    return given
