"""The brief's rules for one partition in plain Python, every value kept: what the engine is compared with."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["Model", "Reading", "agrees"]

Reading = tuple[int, int, int, float]  # sensor, seq, ts, value


@dataclass
class Model:
    """Sensors, windows and what is closed."""

    window_ms: int
    slide_ms: int
    watermark: int = -1
    high: dict[int, int] = field(default_factory=dict)
    clocks: dict[int, int] = field(default_factory=dict)
    windows: dict[tuple[int, int], list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    accepted: int = 0
    late: int = 0
    duplicates: int = 0

    def take(self, reading: Reading) -> None:
        sensor, seq, ts, value = reading
        if seq <= self.high.get(sensor, 0):
            self.duplicates += 1
            return
        self.high[sensor] = seq
        self.clocks[sensor] = max(self.clocks.get(sensor, 0), ts)
        starts = [start for start in self._starts(ts) if start + self.window_ms > self.watermark]
        for start in starts:
            self.windows[start, sensor].append((ts, value))
        self.accepted += bool(starts)
        self.late += not starts

    def advance(self, watermark: int) -> list[tuple[int, int, list[tuple[int, float]]]]:
        """Close windows; return start, sensor, and what they hold, in order."""
        self.watermark = max(self.watermark, watermark)
        closed = sorted(key for key in self.windows if key[0] + self.window_ms <= self.watermark)
        return [(*key, self.windows.pop(key)) for key in closed]

    def _starts(self, ts: int) -> list[int]:
        last = ts // self.slide_ms * self.slide_ms
        return [start for start in range(last - self.window_ms + self.slide_ms, last + 1, self.slide_ms) if start >= 0]


_HALF_OF_THE_SMALLEST = Fraction(5e-324) / 2  # nearer than that, no double may be


def agrees(window: object, start: int, sensor: int, held: list[tuple[int, float]], error: float) -> bool:
    """Tell whether a window of the engine says what the values that it should hold say."""
    found = {name: window[name].item() for name in window.dtype.names}  # type: ignore[attr-defined,index]
    values = sorted(value for _, value in held)
    total, size = sum(map(Fraction, values)), sum(abs(Fraction(value)) for value in values)
    exact = {
        "start": start,
        "sensor": sensor,
        "count": len(held),
        "min": values[0],
        "max": values[-1],
        "first_ts": min(held)[0],
        "last_ts": max(held)[0],
    }
    places = {
        name: values[math.ceil(Fraction(q, 100) * len(values)) - 1]
        for name, q in (("p50", 50), ("p95", 95), ("p99", 99))
    }
    return (
        all(found[name] == value for name, value in exact.items())
        and abs(Fraction(found["sum"]) - total) <= size / 10**9
        and abs(Fraction(found["mean"]) - total / len(values)) <= max(size / len(values) / 10**9, _HALF_OF_THE_SMALLEST)
        and all(
            abs(Fraction(found[name]) - Fraction(x)) <= Fraction(error) * abs(Fraction(x)) for name, x in places.items()
        )
    )
