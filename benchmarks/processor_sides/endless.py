"""Readings without end, made faster than any side takes them: lines of one width, of which only the digits that change are written.

A JSON number must not begin with a zero, so numbers of readings begin at 100,000,000,000 and times at 1,700,000,000,000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Endless"]

FIRST_SEQ = 100_000_000_000
_LINE = b'{"sensor": "s0000", "seq": 000000000000, "ts": 0000000000000, "value": 20.00}\n'
_SENSOR, _SEQ, _TS, _VALUE = 13, 27, 47, 71  # where the digits are
_SEQ_DIGITS, _TS_DIGITS = 12, 13


class Endless:
    """Blocks of readings, each sensor once for each turn."""

    def __init__(self, sensors: int, turns: int, first_sensor: int = 0) -> None:
        """Lay out a block of ``turns`` readings of each of ``sensors`` sensors."""
        self.sensors, self.turns = sensors, turns
        self.readings = sensors * turns
        self._lines = np.tile(np.frombuffer(_LINE, dtype=np.uint8), (self.readings, 1))
        names = first_sensor + np.arange(sensors)
        self._put(_SENSOR, 4, np.tile(names, turns))
        cents = np.random.default_rng(1).integers(0, 100, self.readings)
        self._put(_VALUE + 3, 2, cents)
        self._turn = np.repeat(np.arange(turns), sensors)
        self._seq = FIRST_SEQ

    def names(self) -> list[str]:
        """Return the sensors' names."""
        return [bytes(row[_SENSOR - 1 : _SENSOR + 4]).decode() for row in self._lines[: self.sensors]]

    @property
    def last_seq(self) -> int:
        """The number of each sensor's newest reading."""
        return self._seq - 1

    def block(self, ts: int, turn_ms: float = 0.0) -> memoryview:
        """Return the next block; its first turn is at ``ts``, and each turn is ``turn_ms`` later. Valid until the next call."""
        self._put(_SEQ, _SEQ_DIGITS, self._seq + self._turn)
        self._put(_TS, _TS_DIGITS, ts + (self._turn * turn_ms).astype(np.int64))
        self._seq += self.turns
        return memoryview(self._lines).cast("B")

    def _put(self, place: int, digits: int, numbers: NDArray[np.int64]) -> None:
        left = numbers.copy()
        for column in range(place + digits - 1, place - 1, -1):
            left, digit = np.divmod(left, 10)
            self._lines[:, column] = digit + ord("0")
