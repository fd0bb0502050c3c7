"""What a window says: computed here from its readings, and as a program shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from climb.projects.processor.rules.reading import Reading

__all__ = ["PERCENTILES", "Facts", "Window", "facts_of"]

PERCENTILES = {"p50": Fraction(50, 100), "p95": Fraction(95, 100), "p99": Fraction(99, 100)}


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window as a program shows it. More fields are welcome, and not looked at."""

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

    @property
    def place(self) -> tuple[int, bytes]:
        """What windows are ordered by."""
        return self.start, self.sensor.encode()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is true of a window, and the readings that make it so."""

    sensor: str
    start: int
    end: int
    readings: tuple[Reading, ...]

    @property
    def place(self) -> tuple[int, bytes]:
        """What windows are ordered by."""
        return self.start, self.sensor.encode()

    @property
    def count(self) -> int:
        return len(self.readings)

    @property
    def values(self) -> list[float]:
        """The values in ascending order."""
        return sorted(reading.value for reading in self.readings)

    @property
    def sum(self) -> float:
        """The true sum, rounded once (Shewchuk's algorithm, as math.fsum has it)."""
        return math.fsum(self.values)

    @property
    def absolute_sum(self) -> float:
        """The sum of the absolute values, which errors of sum and mean are measured by."""
        return math.fsum(map(abs, self.values))

    @property
    def mean(self) -> float:
        return self.sum / self.count

    @property
    def first_ts(self) -> int:
        return min(reading.ts for reading in self.readings)

    @property
    def last_ts(self) -> int:
        return max(reading.ts for reading in self.readings)

    def percentile(self, q: Fraction) -> float:
        """The value at place ⌈q·n⌉, counted from 1."""
        return self.values[math.ceil(q * self.count) - 1]


def facts_of(sensor: str, start: int, end: int, readings: Iterable[Reading]) -> Facts:
    """The facts of one window."""
    return Facts(sensor=sensor, start=start, end=end, readings=tuple(readings))
