"""What a program is told: by flags, else by its environment, else by a file, checked as a whole before anything else happens.

A frozen msgspec Struct declares the settings. A field's type, default and ``Meta`` say what is right: bounds, pattern, examples,
``extra={"unit": "s"}``. The field ``lock_s`` is ``--lock-s`` among the flags, ``LOCK_S`` in the environment and ``lock_s`` in the
file. A field of the type :class:`Secret` is never shown, whether it is right or wrong. Rules about several fields stand in the
Struct's ``__post_init__``, which raises ValueError with a text that begins with the name of one of them.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import FieldInfo

from climb.stack.secret import Secret

__all__ = ["SettingsError", "described", "read_settings"]

T = TypeVar("T", bound=msgspec.Struct)

_WRONG = object()
_DIGITS = re.compile("-?[0-9]+")
_KINDS = {int: "a whole number", float: "a number", bool: "0 or 1", str: "a text", Path: "a path"}


class SettingsError(Exception):
    """Settings are missing or wrong; ``problems`` has a line for each, and the message is all of them in one line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class _Given:
    """A value as somebody gave it: the name that it has there, and where that is."""

    name: str
    value: object
    place: str
    as_text: bool = True


def read_settings(
    settings: type[T],
    *,
    flags: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> T:
    """The settings that ``--name value`` or ``--name=value``, the environment and the TOML file make; the first of these counts.

    Raises :class:`SettingsError` with all that is missing, wrong or unknown. What else is in the environment belongs to others.
    """
    problems: list[str] = []
    fields = msgspec.structs.fields(settings)
    hints = get_type_hints(settings, include_extras=True)
    given = {
        **_of_file(fields, file, problems),
        **_of_environment(fields, environment or {}),
        **_of_flags(fields, flags, problems),
    }
    values: dict[str, Any] = {}
    for field in fields:
        if field.name in given:
            try:
                values[field.name] = _read(hints[field.name], given[field.name])
            except ValueError as error:
                problems.append(str(error))
        elif field.required:
            problems.append(f"{field.name.upper()}: missing; expected {_expected(hints[field.name])}")
    if problems:
        raise SettingsError(problems)
    try:
        return settings(**values)
    except ValueError as error:
        raise SettingsError([str(error)]) from None


def described(settings: type[msgspec.Struct]) -> Iterator[tuple[str, str, str]]:
    """For each setting the name of its variable, what is expected, and its default, for a help text."""
    hints = get_type_hints(settings, include_extras=True)
    for field in msgspec.structs.fields(settings):
        yield field.name.upper(), _expected(hints[field.name]), "required" if field.required else str(field.default)


def _of_file(fields: Sequence[FieldInfo], file: Path | None, problems: list[str]) -> dict[str, _Given]:
    if file is None:
        return {}
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{file}: {error.strerror}")
        return {}
    except ValueError as error:  # not TOML, or not UTF-8
        problems.append(f"{file}: {error}")
        return {}
    known = {field.name for field in fields}
    problems += [f"{name} in {file}: unknown" for name in document if name not in known]
    return {name: _Given(name, value, f"in {file}", as_text=False) for name, value in document.items() if name in known}


def _of_environment(fields: Sequence[FieldInfo], environment: Mapping[str, str]) -> dict[str, _Given]:
    names = {field.name: field.name.upper() for field in fields}
    return {
        field: _Given(name, environment[name], "in the environment")
        for field, name in names.items()
        if name in environment
    }


def _of_flags(fields: Sequence[FieldInfo], flags: Sequence[str], problems: list[str]) -> dict[str, _Given]:
    known = {"--" + field.name.replace("_", "-"): field.name for field in fields}
    given: dict[str, _Given] = {}
    words = iter(flags)
    for word in words:
        flag, equals, text = word.partition("=")
        value = text if equals else next(words, None) if flag in known else ""
        if flag not in known:
            problems.append(f"{flag}: unknown")
        elif value is None:
            problems.append(f"{flag}: a value is missing behind it")
        elif known[flag] in given:
            problems.append(f"{flag}: given twice")
        else:
            given[known[flag]] = _Given(flag, value, "among the flags")
    return given


def _read(hint: Any, given: _Given) -> object:
    """The value as the type that is declared; ValueError says what was expected, and shows it unless it is a secret."""
    kind, metas = _parts(hint)
    plain = str if kind in {Secret, Path} else kind
    value = _converted(given, plain, metas)
    if value is _WRONG:
        in_kind = _is_bounded(metas) and _converted(given, plain, ()) is not _WRONG
        expected = _bounds_text(metas) if in_kind else _expected(hint)
        raise ValueError(f"{given.name}{_shown(kind, given)} {given.place}: expected {expected}")
    return kind(value) if kind in {Secret, Path} else value


def _converted(given: _Given, kind: Any, metas: Sequence[msgspec.Meta]) -> object:
    if kind is int and given.as_text and not _DIGITS.fullmatch(str(given.value)):
        return _WRONG  # msgspec takes 8e1 for 80
    try:
        value = msgspec.convert(given.value, Annotated[(kind, *metas)] if metas else kind, strict=not given.as_text)
    except msgspec.ValidationError:
        return _WRONG
    return _WRONG if isinstance(value, float) and not math.isfinite(value) else value


def _shown(kind: Any, given: _Given) -> str:
    """The value as it stands in a message of one line."""
    if kind is Secret:
        return ""
    text = str(given.value)
    return f"={text}" if given.as_text and text.isprintable() else f"={given.value!r}"


def _parts(hint: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    """The type without ``Annotated`` and without None beside it, and what was said of it."""
    if get_origin(hint) is Annotated:
        kind, *metas = get_args(hint)
        within, more = _parts(kind)
        return within, (*more, *(meta for meta in metas if isinstance(meta, msgspec.Meta)))
    others = [other for other in get_args(hint) if other is not type(None)]
    if len(others) == 1 and type(None) in get_args(hint):
        return _parts(others[0])
    return hint, ()


def _expected(hint: Any) -> str:
    kind, metas = _parts(hint)
    if examples := [example for meta in metas for example in meta.examples or ()]:
        return f"something like {examples[0]}"
    if get_origin(kind) is not None:  # a Literal
        return " or ".join(str(word) for word in get_args(kind))
    name = "a text" if kind is Secret else _KINDS.get(kind, getattr(kind, "__name__", str(kind)))
    return f"{name}, {_bounds_text(metas)}" if _is_bounded(metas) else name


def _is_bounded(metas: Sequence[msgspec.Meta]) -> bool:
    return _bounds(metas) != (None, None)


def _bounds(metas: Sequence[msgspec.Meta]) -> tuple[object, object]:
    least: object = None
    most: object = None
    for meta in metas:
        least = next((bound for bound in (meta.ge, meta.min_length) if bound is not None), least)
        most = next((bound for bound in (meta.le, meta.max_length) if bound is not None), most)
    return least, most


def _bounds_text(metas: Sequence[msgspec.Meta]) -> str:
    least, most = _bounds(metas)
    text = (
        f"{least} to {most}"
        if None not in (least, most)
        else f"at least {least}"
        if most is None
        else f"at most {most}"
    )
    units = [
        (meta.extra or {}).get("unit", "characters" if meta.min_length or meta.max_length else "") for meta in metas
    ]
    return " ".join([text, *(unit for unit in units if unit)])
