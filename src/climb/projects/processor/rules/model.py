"""The brief's rules for readings, sensors, the watermark and windows, for readings that are taken one after the other.

A real program works on several connections in parallel, and between them there is no order. Checks send what makes one result
certain in whatever order it is worked on (``stages/draws.py`` says how), so one order stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from climb.projects.processor.rules.facts import Facts, facts_of
from climb.projects.processor.rules.reading import Reading
from climb.projects.processor.rules.shape import Shape

__all__ = ["Model", "Taken"]


class Taken(Enum):
    """What became of a good reading."""

    ACCEPTED = "accepted"
    LATE = "late"
    DUPLICATE = "duplicate"


class Model:
    """What is true after the readings so far."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.watermark: int | None = None
        self.counts = dict.fromkeys(Taken, 0)
        self._highest: dict[str, int] = {}
        self._clocks: dict[str, int] = {}
        self._idle: set[str] = set()
        self._windows: dict[tuple[int, bytes], list[Reading]] = {}

    @property
    def sensors(self) -> int:
        """How many sensors are known."""
        return len(self._highest)

    def take(self, reading: Reading) -> Taken:
        """What becomes of a reading."""
        taken = self._taken(reading)
        self.counts[taken] += 1
        return taken

    def take_all(self, readings: Iterable[Reading]) -> None:
        """Take one after the other."""
        for reading in readings:
            self.take(reading)

    def fall_idle(self, sensor: str) -> None:
        """IDLE_MS of real time have passed since a reading of ``sensor`` was taken."""
        self._idle.add(sensor)
        self._move_watermark()

    def closed(self) -> list[Facts]:
        """The closed windows in the brief's order."""
        return [
            facts_of(place[1].decode(), place[0], place[0] + self.shape.window_ms, readings)
            for place, readings in sorted(self._windows.items())
            if self._is_closed(place[0])
        ]

    def _taken(self, reading: Reading) -> Taken:
        if reading.seq <= self._highest.get(reading.sensor, 0):
            return Taken.DUPLICATE
        self._highest[reading.sensor] = reading.seq
        open_ones = [start for start in self.shape.starts(reading.ts) if not self._is_closed(start)]
        for start in open_ones:
            self._windows.setdefault((start, reading.sensor.encode()), []).append(reading)
        self._clocks[reading.sensor] = max(reading.ts, self._clocks.get(reading.sensor, 0))
        self._idle.discard(reading.sensor)
        self._move_watermark()
        return Taken.ACCEPTED if open_ones else Taken.LATE

    def _is_closed(self, start: int) -> bool:
        return self.watermark is not None and start + self.shape.window_ms <= self.watermark

    def _move_watermark(self) -> None:
        clocks = [clock for sensor, clock in self._clocks.items() if sensor not in self._idle]
        if clocks:
            reached = min(clocks) - self.shape.lateness_ms
            self.watermark = reached if self.watermark is None else max(self.watermark, reached)
