"""StatsD lines: ``name:value|type``, with a sample rate or tags behind (github.com/statsd/statsd, docs/metric_types.md).

A gauge's reading is its value; ``+`` or ``-`` before the number changes the value before. A counter's reading is what was counted,
divided by the sample rate: the sum over a window is the count. A timing's reading is the time in milliseconds; its sample
rate says how many were left out, which no percentile needs, so a window's ``count`` is of those that were sent.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from climb.systems.processor.sources.mapping import BadRecord

__all__ = ["Metric", "Statsd"]

_KINDS = {"g": "gauge", "c": "counter", "ms": "timing", "h": "timing", "d": "timing"}
_MOST_GAUGES = 100_000


class Metric(NamedTuple):
    """One line, as a reading without number and time."""

    name: str
    value: float


class Statsd:
    """Reads lines; it remembers gauges, since a line may change one."""

    def __init__(self) -> None:
        self._gauges: dict[str, float] = {}

    def metric(self, line: bytes) -> Metric:
        """Return what a line says; raise BadRecord if it says nothing that we know."""
        try:
            text = line.decode("ascii")
        except UnicodeDecodeError:
            raise BadRecord("expected ASCII") from None
        name, colon, rest = text.partition(":")
        number, bar, more = rest.partition("|")
        kind, *behind = more.split("|")
        if not (name and colon and bar):
            raise BadRecord(f"expected name:value|type, got {text[:60]!r}")
        if kind not in _KINDS:
            raise BadRecord(f"expected a type of {', '.join(_KINDS)}, got {kind[:20]!r}")
        value = _number(number)
        if _KINDS[kind] == "counter":
            value /= _rate(behind)
        elif _KINDS[kind] == "gauge":
            value = self._gauge(name, value, changes=number[0] in "+-")
        else:
            _rate(behind)
        if not math.isfinite(value):
            raise BadRecord(f"the value of {name[:60]} is too large")
        return Metric(name, value)

    def _gauge(self, name: str, value: float, *, changes: bool) -> float:
        if changes:
            value += self._gauges.get(name, 0.0)
        if name in self._gauges or len(self._gauges) < _MOST_GAUGES:
            self._gauges[name] = value
        return value


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text or text != text.strip():
        raise BadRecord(f"expected a number, got {text[:60]!r}")
    return value


def _rate(behind: list[str]) -> float:
    """The sample rate: over 0, at most 1. Tags are passed over."""
    for part in behind:
        if part.startswith("@"):
            try:
                rate = _number(part[1:])
            except BadRecord:
                rate = 0.0
            if not 0 < rate <= 1:
                raise BadRecord(f"expected a sample rate over 0 and at most 1, got {part[:20]!r}")
            return rate
        if not part.startswith("#"):
            raise BadRecord(f"expected @rate or #tags, got {part[:60]!r}")
    return 1.0
