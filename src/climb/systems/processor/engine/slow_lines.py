"""What a line says, decided one line at a time by Python's own JSON reader, and in words if it is rejected.

This is the rule; the compiled reader is an abbreviation of it for lines without anything special.
"""

from __future__ import annotations

import json
import re
import sys
from math import isfinite
from typing import Any, NamedTuple

__all__ = ["LONGEST_LINE", "MOST", "Line", "read_line"]

LONGEST_LINE = 4096  # bytes, the newline not counted
MOST = (1 << 53) - 1
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_SHOWN = 40  # characters of what was found; a reason is for people
_WHITE = b" \t\r"


class Line(NamedTuple):
    """A good line."""

    sensor: bytes
    seq: int
    ts: int
    value: float


class _Whole(str):
    """The digits of an integer, as they stand in the line: converting a thousand of them for nothing takes long."""

    __slots__ = ()


class _Fraction(str):
    """The characters of any other number."""

    __slots__ = ()


class _Wrong(Exception):
    """Why a line is rejected."""


def _not_json(word: str) -> Any:
    raise _Wrong(f"not JSON: {word} is no value")


_DECODER = json.JSONDecoder(parse_int=_Whole, parse_float=_Fraction, parse_constant=_not_json)


def read_line(line: bytes) -> Line | str | None:
    """Return what a line says, or why it is rejected; ``None`` for a line of white space."""
    if len(line) > LONGEST_LINE:
        return f"longer than {LONGEST_LINE:,} bytes"
    if not line.strip(_WHITE):
        return None
    try:
        return _line(line)
    except _Wrong as wrong:
        return str(wrong)


def _line(line: bytes) -> Line:
    document = _document(line)
    if not isinstance(document, dict):
        raise _Wrong(f"expected a JSON object, got {_shown(document)}")
    for field in ("sensor", "seq", "ts", "value"):
        if field not in document:
            raise _Wrong(f"{field}: missing")
    return Line(
        _sensor(document["sensor"]),
        _integer("seq", document["seq"], 1),
        _integer("ts", document["ts"], 0),
        _value(document["value"]),
    )


def _document(line: bytes) -> Any:
    try:
        text = line.decode("utf-8")
        try:
            return _DECODER.decode(text)
        except RecursionError:
            return _deep_document(text)
    except UnicodeDecodeError as error:
        raise _Wrong(f"not UTF-8: byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise _Wrong(f"not JSON: {error.msg} at character {error.pos + 1}") from None


def _deep_document(text: str) -> Any:
    """Decode what is nested deeper than Python allows by itself: as deep as the brackets of a line can be."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + 2 * LONGEST_LINE)
    try:
        return _DECODER.decode(text)
    finally:
        sys.setrecursionlimit(usual)


def _sensor(found: Any) -> bytes:
    if type(found) is not str:
        raise _Wrong(f"sensor: expected a text, got {_shown(found)}")
    if not _NAME.fullmatch(found):
        raise _Wrong(f"sensor: expected 1 to 64 letters, digits, . _ : or -, got {_shown(found)}")
    return found.encode()


def _integer(field: str, found: Any, least: int) -> int:
    if not isinstance(found, _Whole):
        raise _Wrong(f"{field}: expected an integer, got {_shown(found)}")
    number = int(found) if len(found) < 20 else MOST + 1
    if not least <= number <= MOST or (len(found) >= 20):
        raise _Wrong(f"{field}: expected {least} to {MOST}, got {_shown(found)}")
    return number


def _value(found: Any) -> float:
    if not isinstance(found, (_Whole, _Fraction)):
        raise _Wrong(f"value: expected a number, got {_shown(found)}")
    number = float(found)
    if not isfinite(number):
        raise _Wrong(f"value: expected a number that 64 bits can hold, got {_shown(found)}")
    return number


def _shown(found: Any) -> str:
    """Return a value as it stood in the line, about; a long one is cut."""
    if isinstance(found, dict):
        return "an object"
    if isinstance(found, list):
        return "a list"
    text = str(found) if isinstance(found, (_Whole, _Fraction)) else json.dumps(found)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
