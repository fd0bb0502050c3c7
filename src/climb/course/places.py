"""Where in a TOML text a thing stands, so that an error can name a line."""

from __future__ import annotations

import re

__all__ = ["line_naming", "line_of_problem"]

_PATH = re.compile(r"at `\$\.?(?P<path>[^`]*)`")
_FIELD = re.compile(r"field `(?P<field>[^`]+)`")
_STEP = re.compile(r"(?P<name>[\w-]+)(?:\[(?P<index>\d+)\])?")


def line_naming(text: str, name: str) -> int:
    """The number of the first line that holds ``name`` in quotation marks or parentheses; 1 if none does."""
    quoted = (f'"{name}"', f"'{name}'", f"({name})")
    for number, line in enumerate(text.split("\n"), 1):
        if any(each in line for each in quoted):
            return number
    return 1


def line_of_problem(toml: str, message: str) -> int:
    """The line of ``toml`` that a msgspec message such as "Expected `str`, got `int` - at `$.sources[1].work`" is about.

    A field that is missing has no line: then it is that of the table which lacks it.
    """
    lines = toml.split("\n")
    at = 0
    for name, index in _steps(message):
        found = _find(lines, at, name, index)
        if found is None:
            break
        at = found
    return at + 1


def _steps(message: str) -> list[tuple[str, int]]:
    path, field = _PATH.search(message), _FIELD.search(message)
    steps = [(step["name"], int(step["index"] or 0)) for step in _STEP.finditer(path["path"] if path else "")]
    return steps + ([(field["field"], 0)] if field else [])


def _find(lines: list[str], start: int, name: str, index: int) -> int | None:
    """The line of the key or of the ``index``-th table called ``name`` within the table that begins at ``start``."""
    key = re.compile(rf"\s*{re.escape(name)}\s*=")
    table = re.compile(rf"\s*\[+(?:[\w.-]+\.)?{re.escape(name)}\]+\s*$")
    inside = True
    for number in range(start, len(lines)):
        line = lines[number]
        if table.match(line):
            if index == 0:
                return number
            index -= 1
        elif line.lstrip().startswith("[") and number > start:
            inside = False
        elif inside and key.match(line):
            return number
    return None
