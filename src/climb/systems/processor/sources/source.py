"""What all sources share: what they count, and what they work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from climb.systems.processor.sources.feed import Batch, Feed
from climb.systems.processor.sources.mapping import BadRecord, line_of
from climb.systems.processor.sources.places import Places

__all__ = ["Collected", "Ground", "Source", "Tally"]


@dataclass
class Tally:
    """What one source has done since this start."""

    name: str
    read: int = 0
    bad: int = 0
    lost: int = 0
    problem: str = ""
    """what stands in its way now, if anything does"""
    last_bad: str = ""

    def note_bad(self, where: str, why: BadRecord | str) -> None:
        """Count a record of which no reading can be made."""
        self.bad += 1
        self.last_bad = f"{where}: {why}"


@dataclass(frozen=True)
class Ground:
    """What a source works with: where readings go, where it remembers its places, what it counts."""

    feed: Feed
    places: Places
    tally: Tally


class Source(Protocol):
    """Reads until it is cancelled."""

    async def run(self) -> None:
        """Hand readings to the feed; raise EdgeError if that can't go on."""


class Collected:
    """Readings on their way into a batch."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._highest: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, sensor: str, seq: int, ts: int, value: float) -> None:
        """Add one; the numbers of a sensor need not grow, but then the processor takes the larger ones only."""
        self._lines.append(line_of(sensor, seq, ts, value))
        if seq > self._highest.get(sensor, 0):
            self._highest[sensor] = seq

    def batch(self) -> Batch:
        """All of them, for the feed."""
        return Batch(b"".join(self._lines), self._highest, len(self._lines))
