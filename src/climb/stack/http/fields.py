"""A document as a typed Struct, or all that is wrong with it.

msgspec ends at the first mistake, and whoever fills in a form wants to know all of them. So a document is decoded without types
first, and its fields are converted one by one; only Structs within Structs and lists are walked through here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import FieldInfo

from climb.stack.http.problems import FieldError, invalid

__all__ = ["Rule", "converted"]

T = TypeVar("T", bound=msgspec.Struct)

_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a time as in RFC 3339",
}
_PLACE = re.compile(r" - at `(?:key in )?\$?(.*)`$")
_ABSENT = object()
_DIGITS = re.compile("-?[0-9]+")


@dataclass(frozen=True)
class Rule:
    """What else must hold of a field: ``email: Annotated[str, Rule(email)]``.

    The function returns the value to go on with, or raises ValueError with what is wrong.
    """

    holds: Callable[[Any], Any]


def converted(document: Mapping[str, Any], kind: type[T], *, texts: bool = False) -> T:
    """The document as ``kind``; else a 422 with every field that is missing, wrong or unknown.

    ``texts`` is for forms and queries, where a number is written as text. U+0000 is nowhere allowed: PostgreSQL stores no such text.
    """
    errors: list[FieldError] = []
    value = _struct(document, kind, "", errors, texts=texts)
    if errors:
        raise invalid(*errors)
    assert isinstance(value, kind)  # without errors it was made
    return value


def _struct(
    document: Mapping[str, Any], kind: type[T], path: str, errors: list[FieldError], *, texts: bool
) -> T | None:
    fields, hints = _declared(kind)
    before, values = len(errors), {}
    for field in fields:
        place = f"{path}.{field.encode_name}" if path else field.encode_name
        given = document.get(field.encode_name, _ABSENT)
        if given is not _ABSENT:
            values[field.name] = _value(given, hints[field.name], place, errors, texts=texts)
        elif field.required:
            errors.append(FieldError(place, "missing"))
    if kind.__struct_config__.forbid_unknown_fields:
        known = {field.encode_name for field in fields}
        errors += [FieldError(f"{path}.{name}" if path else name, "unknown") for name in document if name not in known]
    if len(errors) > before:
        return None
    try:
        return kind(**values)
    except ValueError as error:  # of a __post_init__
        errors.append(FieldError(path, str(error)))
        return None


def _value(given: Any, hint: Any, place: str, errors: list[FieldError], *, texts: bool) -> Any:
    kind, rules, nullable = _parts(hint)
    if given is None and nullable:
        return None
    inner, before = _base(kind), len(errors)
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(given, Mapping):
        value: Any = _struct(given, inner, place, errors, texts=texts)
    elif get_origin(inner) is list and isinstance(given, list):
        (item,) = get_args(inner)
        value = [_value(one, item, f"{place}[{number}]", errors, texts=texts) for number, one in enumerate(given)]
        _bounded(value, kind, place, errors)
    else:
        value = _plain(given, kind, place, errors, texts=texts)
    return value if len(errors) > before else _ruled(value, rules, place, errors)


def _plain(given: Any, kind: Any, place: str, errors: list[FieldError], *, texts: bool) -> Any:
    if isinstance(given, str) and "\0" in given:
        errors.append(FieldError(place, "must not contain U+0000"))
        return None
    if texts and _base(kind) is int and not _DIGITS.fullmatch(given):  # msgspec takes 8e1 for 80
        errors.append(FieldError(place, "expected a whole number"))
        return None
    try:
        return msgspec.convert(given, kind, strict=not texts)
    except msgspec.ValidationError as error:
        errors.append(_error(place, str(error)))
        return None


def _bounded(value: list[Any], kind: Any, place: str, errors: list[FieldError]) -> None:
    """Whether a list is as long as ``Meta`` allows; its items were looked at already."""
    metas = [meta for meta in get_args(kind)[1:] if isinstance(meta, msgspec.Meta)]
    if metas:
        _plain(value, Annotated[(list[Any], *metas)], place, errors, texts=False)


def _ruled(value: Any, rules: tuple[Rule, ...], place: str, errors: list[FieldError]) -> Any:
    for rule in rules:
        try:
            value = rule.holds(value)
        except ValueError as error:
            errors.append(FieldError(place, str(error)))
            return None
    return value


def _error(place: str, said: str) -> FieldError:
    """Msgspec's words as ours: `Expected `str`, got `int`` becomes "expected a text, got a whole number"."""
    within = _PLACE.search(said)
    text = _PLACE.sub("", said)
    text = re.sub(r"`([a-z]+)`", lambda word: _WORDS.get(word[1], word[1]), text)
    return FieldError(place + (within[1] if within else ""), text[:1].lower() + text[1:])


@cache
def _declared(kind: type[msgspec.Struct]) -> tuple[tuple[FieldInfo, ...], dict[str, Any]]:
    return msgspec.structs.fields(kind), get_type_hints(kind, include_extras=True)


@cache
def _parts(hint: Any) -> tuple[Any, tuple[Rule, ...], bool]:
    """The type as msgspec knows it and without None, our rules, and whether None is right as well."""
    if get_origin(hint) is Annotated:
        within, *more = get_args(hint)
        kind, rules, nullable = _parts(within)
        metas = [one for one in more if not isinstance(one, Rule)]
        rules = (*rules, *(one for one in more if isinstance(one, Rule)))
        return (Annotated[(kind, *metas)] if metas else kind), rules, nullable
    others = [other for other in get_args(hint) if other is not type(None)]
    if len(others) == 1 and type(None) in get_args(hint):
        kind, rules, _ = _parts(others[0])
        return kind, rules, True
    return hint, (), False


def _base(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
