"""What a request for windows asks, and how windows are written for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from climb.systems.processor.results import Results

__all__ = ["AskedWrongly", "Question", "Window", "cursor_of", "question_of", "windows_of"]

_LARGEST_PAGE = 10_000
_USUAL_PAGE = 1_000
_SENSOR = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_CURSOR = re.compile(r"[0-9]{1,15}")


class AskedWrongly(Exception):
    """A parameter is wrong; the message names it."""


class Window(msgspec.Struct, frozen=True):
    """A closed window, as clients see it."""

    sensor: str
    start: int
    end: int
    count: int
    sum: float
    min: float
    max: float
    mean: float
    p50: float
    p95: float
    p99: float
    first_ts: int
    last_ts: int


@dataclass(frozen=True)
class Question:
    """Which windows, and from where on."""

    sensor: str | None
    begin: int | None
    end: int | None
    limit: int
    after: int | None


def question_of(parameters: Mapping[str, str], results: Results) -> Question:
    """Return what the parameters of ``/windows`` ask for; raise :class:`AskedWrongly`."""
    limit = _number(parameters, "limit")
    if limit is not None and not 1 <= limit <= _LARGEST_PAGE:
        raise AskedWrongly(f"limit: expected a number from 1 to {_LARGEST_PAGE}, got {limit}")
    return Question(
        sensor=_sensor(parameters),
        begin=_number(parameters, "from"),
        end=_number(parameters, "to"),
        limit=_USUAL_PAGE if limit is None else limit,
        after=cursor_of(parameters.get("after"), results),
    )


def cursor_of(text: str | None, results: Results, name: str = "after") -> int | None:
    """Return the place that a cursor stands for; raise :class:`AskedWrongly` if none of ours looks like that."""
    if text is None:
        return None
    if _CURSOR.fullmatch(text) and int(text) <= results.end:
        return int(text)
    raise AskedWrongly(f"{name}: expected a cursor that was given here, got {text[:80]!r}")


def windows_of(records: Sequence[tuple[Any, ...]], names: Sequence[str], length_ms: int) -> list[Window]:
    """Return records of the results as clients see them."""
    return [
        Window(names[sensor], start, start + length_ms, count, total, low, high, mean, p50, p95, p99, first, last)
        for sensor, start, count, total, mean, low, high, p50, p95, p99, first, last in records
    ]


def _number(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise AskedWrongly(f"{name}: expected a whole number, got {text[:80]!r}")
    return int(text)


def _sensor(parameters: Mapping[str, str]) -> str | None:
    text = parameters.get("sensor")
    if text is None or _SENSOR.fullmatch(text):
        return text
    raise AskedWrongly(f"sensor: expected 1 to 64 letters, digits or . _ : -, got {text[:80]!r}")
