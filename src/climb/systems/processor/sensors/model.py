"""Simulated sensors: what they measure, when, and in which ways they are a nuisance.

A sensor measures a value with a daily cycle, a slow drift and noise that remembers itself. Its clock is off by some time. Now and
then it measures much more often for a while (a burst), or not at all (a gap). Some readings are held back and sent after later
ones, some lines are sent twice, and some are broken. Everything follows from the seed, so the same words make the same lines.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from climb.systems.processor.sources.mapping import line_of

__all__ = ["Habits", "Line", "lines_of"]

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_MEMORY = 0.9  # how much of its last deviation the noise keeps
_LONGEST_DELAY = 8  # readings by which one is held back
_BURST_SHARE, _BURST_FASTER, _BURST_READINGS = 0.001, 10, 50
_GAP_SHARE, _GAP_READINGS = 0.0005, 40


@dataclass(frozen=True)
class Habits:
    """What the sensors are like. Shares are of the readings, from 0 to 1."""

    sensors: int = 100
    interval_ms: float = 1000.0
    out_of_order: float = 0.02
    resent: float = 0.01
    malformed: float = 0.001
    skew_ms: int = 200
    steady: bool = False
    """neither bursts nor gaps"""
    prefix: str = "s"
    seed: int = 0

    @property
    def reach_ms(self) -> int:
        """How far behind its own sensor's clock a reading can be: with this lateness, none is late."""
        return math.ceil(self.interval_ms * (_LONGEST_DELAY + 1)) if self.out_of_order else 0


class Line(NamedTuple):
    """One line to send. ``again`` is one that was sent before, and a broken one has no number."""

    text: bytes
    sensor: str
    seq: int
    ts: int
    value: float
    again: bool = False

    @property
    def broken(self) -> bool:
        """Whether the processor must reject it."""
        return self.seq == 0


class _Sensor:
    def __init__(self, number: int, habits: Habits, start_ms: int, first_seq: int) -> None:
        self.name = f"{habits.prefix}{number:04d}"
        self._random = random.Random(f"{habits.seed}:{number}")
        self._habits = habits
        draw = self._random
        self._base, self._daily = draw.uniform(-10, 30), draw.uniform(0, 8)
        self._phase, self._drift = draw.random() * math.tau, draw.gauss(0, 0.05)
        self._noise, self._deviation = draw.uniform(0.02, 0.5), 0.0
        self._skew_ms = draw.randint(-habits.skew_ms, habits.skew_ms)
        self._start_ms = start_ms
        self._seq = first_seq
        self._known = False  # whether it has sent anything
        self._burst_left = 0
        self._held: list[tuple[int, int, float]] = []  # when to send, in readings from now; its time; its value
        self.next_ms = start_ms + draw.random() * habits.interval_ms

    def step(self) -> Iterator[Line]:
        """Measure once; the lines that are sent then. It sets the time of the next measurement."""
        ts = max(0, int(self.next_ms) + self._skew_ms)
        value = self._measure()
        draw, habits = self._random.random, self._habits
        self._held = [(left - 1, its_ts, its_value) for left, its_ts, its_value in self._held]
        if self._known and draw() < habits.out_of_order:
            self._held.append((self._random.randint(1, _LONGEST_DELAY), ts, value))
        else:
            yield from self._send(ts, value)
        for _left, its_ts, its_value in (one for one in self._held if one[0] <= 0):
            yield from self._send(its_ts, its_value)
        self._held = [one for one in self._held if one[0] > 0]
        self.next_ms += self._pause_ms()

    def rest(self) -> Iterator[Line]:
        """What is still held back, when the simulation ends."""
        for _left, ts, value in self._held:
            yield from self._send(ts, value)
        self._held = []

    def _send(self, ts: int, value: float) -> Iterator[Line]:
        first, self._known = not self._known, True
        line = Line(line_of(self.name, self._seq, ts, value), self.name, self._seq, ts, value)
        self._seq += 1
        yield line
        draw, habits = self._random.random, self._habits
        if first:  # one line of each sensor makes it known
            return
        if draw() < habits.resent:
            yield line._replace(again=True)
        if draw() < habits.malformed:
            yield Line(self._broken(line), self.name, 0, 0, 0.0)

    def _measure(self) -> float:
        past_ms = self.next_ms - self._start_ms
        self._deviation = _MEMORY * self._deviation + self._random.gauss(0, self._noise)
        daily = self._daily * math.sin(self.next_ms / _DAY_MS * math.tau + self._phase)
        return round(self._base + daily + self._drift * past_ms / _HOUR_MS + self._deviation, 3)

    def _pause_ms(self) -> float:
        pause, draw = self._habits.interval_ms, self._random.random
        if self._habits.steady:
            return pause
        if self._burst_left:
            self._burst_left -= 1
            return pause / _BURST_FASTER
        if draw() < _BURST_SHARE:
            self._burst_left = _BURST_READINGS
        if draw() < _GAP_SHARE:
            return pause * _GAP_READINGS
        return pause * (0.98 + 0.04 * draw())

    def _broken(self, line: Line) -> bytes:
        """A line that no processor may take, in one of the ways in which real ones are broken."""
        name, ts = line.sensor.encode(), line.ts
        ways = (
            line.text[: self._random.randint(1, len(line.text) - 3)],  # cut off
            b'{"sensor":"%b","seq":1,"ts":"soon","value":1.5}' % name,
            b'{"sensor":"%b","seq":1,"ts":%d,"value":"warm"}' % (name, ts),
            b'{"sensor":"%b","seq":1,"ts":%d,"value":NaN}' % (name, ts),
            b'{"sensor":"%b","seq":1.5,"ts":%d,"value":1}' % (name, ts),
            b'{"sensor":"%b","ts":%d,"value":1}' % (name, ts),
            b'{"sensor":"no such name","seq":1,"ts":%d,"value":1}' % ts,
            b'{"sensor":"\xff\xfe","seq":1,"ts":%d,"value":1}' % ts,
            b'{"sensor":"%b","seq":1,"ts":%d,"value":1,"note":"%b"}' % (name, ts, b"x" * 4096),
        )
        return self._random.choice(ways).rstrip() + b"\n"


def lines_of(
    habits: Habits, numbers: range, *, start_ms: int, first_seq: int = 1, readings: int | None = None
) -> Iterator[Line]:
    """The lines of the sensors with those numbers, in the order in which they are sent.

    The first lines are one of each sensor, so that a processor can know all of them before time goes on.
    """
    sensors = [_Sensor(number, habits, start_ms, first_seq) for number in numbers]
    left = math.inf if readings is None else readings
    for sensor in sensors:
        if left <= 0:
            return
        left -= 1
        yield from sensor.step()
    turns = [(sensor.next_ms, index) for index, sensor in enumerate(sensors)]
    heapq.heapify(turns)
    while left > 0:
        _, index = turns[0]
        yield from sensors[index].step()
        left -= 1
        heapq.heapreplace(turns, (sensors[index].next_ms, index))
    for sensor in sensors:
        yield from sensor.rest()
