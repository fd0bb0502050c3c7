"""An OpenAPI document as a page to read: every operation, what it takes and what it answers, without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

__all__ = ["reading_page"]

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


@dataclass(frozen=True)
class Row:
    """One field of a schema, or one parameter."""

    name: str
    kind: str
    required: bool
    text: str


def reading_page(text: str) -> str:
    """The page of the document."""
    page: str = _template().render(_page(yaml.safe_load(text)))
    return page


def _page(document: Mapping[str, Any]) -> dict[str, Any]:
    paths: Mapping[str, Any] = document.get("paths", {})
    operations = [
        _operation(document, path, item, method)
        for path, item in paths.items()
        for method in _METHODS
        if method in item
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in operations:
        groups.setdefault(operation["group"], []).append(operation)
    return {"info": document["info"], "groups": groups}


def _operation(document: Mapping[str, Any], path: str, item: Mapping[str, Any], method: str) -> dict[str, Any]:
    operation = item[method]
    body = _resolved(document, operation.get("requestBody", {}))
    return {
        "id": operation.get("operationId", f"{method}{path}").replace("/", "-").replace("{", "").replace("}", ""),
        "group": next(iter(operation.get("tags", [])), ""),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "open": operation.get("security", document.get("security")) in (None, []),
        "parameters": [
            _parameter(document, given) for given in (*item.get("parameters", ()), *operation.get("parameters", ()))
        ],
        "bodies": list(_contents(document, body)),
        "answers": [
            (
                str(status),
                _resolved(document, answer).get("description", ""),
                list(_contents(document, _resolved(document, answer))),
            )
            for status, answer in operation.get("responses", {}).items()
        ],
    }


def _parameter(document: Mapping[str, Any], given: Mapping[str, Any]) -> Row:
    parameter = _resolved(document, given)
    schema = _resolved(document, parameter.get("schema", {}))
    kind = f"{_kind(document, schema)}, in the {parameter['in']}"
    return Row(parameter["name"], kind, parameter.get("required", False), _said(parameter, schema))


def _contents(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Iterator[tuple[str, list[Row]]]:
    for media_type, content in holder.get("content", {}).items():
        yield media_type, list(_rows(document, content.get("schema", {}), ""))


def _rows(document: Mapping[str, Any], given: Mapping[str, Any], path: str, depth: int = 0) -> Iterator[Row]:
    """The fields of an object, and of the objects in it; nothing for what is no object."""
    schema = _resolved(document, given)
    if depth > _DEEPEST:
        return
    for part in schema.get("allOf", ()):
        yield from _rows(document, part, path, depth + 1)
    if "items" in schema:
        yield from _rows(document, schema["items"], f"{path}[]", depth + 1)
    for name, field in schema.get("properties", {}).items():
        inner = _resolved(document, field)
        place = f"{path}.{name}" if path else name
        yield Row(place, _kind(document, inner), name in schema.get("required", ()), _said(field, inner))
        yield from _rows(document, inner, place, depth + 1)


def _kind(document: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    schema = _resolved(document, given)
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"])
    if either := schema.get("oneOf") or schema.get("anyOf"):
        return " | ".join(_kind(document, one) for one in either)
    kind = schema.get("type", "object" if "properties" in schema or "allOf" in schema else "any")
    name = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        name = f"{name} of {_kind(document, schema['items'])}"
    return f"{name} ({schema['format']})" if "format" in schema else name


def _said(*schemas: Mapping[str, Any]) -> str:
    described = next((schema["description"] for schema in schemas if schema.get("description")), "")
    known = {word: schema[word] for schema in schemas for word in _BOUNDS if word in schema}
    bounds = "; ".join(_BOUNDS[word].format(value) for word, value in known.items())
    return ". ".join(part[:1].upper() + part[1:] for part in (described.rstrip(". \n"), bounds) if part)


def _resolved(document: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document leads to."""
    seen = 0
    while (reference := given.get("$ref")) and seen < _DEEPEST:
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        given, seen = found, seen + 1
    return given


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("climb.stack.http", "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    markdown = MarkdownIt("commonmark", {"html": False})
    environment.filters["markdown"] = lambda text: Markup(markdown.render(text))  # noqa: S704 - it escapes all HTML in the text
    return environment.get_template("docs.html")
