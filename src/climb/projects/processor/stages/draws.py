"""Sensors and their readings, drawn so that one result is certain in whatever order connections are worked on.

Between connections there is no order, so a reading is drawn to count for sure, by three rules:

- Each sensor opens with a reading at one and the same moment. Checks wait for these to be acknowledged before they go on, so that every
  sensor is known, and holds the watermark, before any clock moves.
- A reading is behind an earlier one of its sensor by LATENESS_MS at most. Its windows end later than the sensor's own clock less
  LATENESS_MS, and the watermark is no further than that.
- Each sensor closes with a reading at one and the same moment, which takes the watermark to ``Traffic.end``, a millisecond beyond the end of
  the last window. No body has a reading at the end of a window either: that such a one belongs to the next is the claim of one check alone.

With a lateness the last two readings of a body are as far out of order as is allowed: the first is one millisecond short of closing the
last window, the second in that window.

Values are multiples of 1/64 of moderate size, so that a sum is exact in whatever order it is made. Each sensor is one part of the draws, and
its readings are made from one number of them: shrinking leaves out sensors first, then readings.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import msgspec

from climb.judge.world.draws import Draws
from climb.projects.processor.rules import Model, Reading, Shape

__all__ = [
    "WINDOWS_MS",
    "Track",
    "Traffic",
    "draw_shape",
    "draw_start",
    "draw_traffic",
    "interleaved",
    "names",
    "plain_value",
    "track",
]

WINDOWS_MS = (1_000, 10_000, 250, 60_000, 2_000)
_BEGIN = 1_700_000_000_000
_ODD_NAMES = (
    "Boiler.2",
    "a:b:c",
    "_",
    "x-1",
    "Z9",
    "tank_7",
    "a",
    "..",
    "hall:3-north.temp",
    "0",
    "s10",
    "s9",
    "--",
)
_GAP = 4  # about one number in so many is left out

Values = Callable[[random.Random], float]


class Track(msgspec.Struct, frozen=True):
    """All that one sensor sends, in order: an opening, a body, a closing."""

    sensor: str
    readings: tuple[Reading, ...]

    @property
    def opening(self) -> Reading:
        return self.readings[0]

    @property
    def body(self) -> tuple[Reading, ...]:
        return self.readings[1:-1]

    @property
    def closing(self) -> Reading:
        return self.readings[-1]


class Traffic(msgspec.Struct, frozen=True):
    """What several sensors send, in windows from ``start`` to ``last_end``. When all of it is taken, the watermark is ``end``."""

    shape: Shape
    start: int
    last_end: int
    end: int
    tracks: tuple[Track, ...]

    @property
    def openings(self) -> tuple[Reading, ...]:
        return tuple(track.opening for track in self.tracks)

    @property
    def bodies(self) -> tuple[Reading, ...]:
        return tuple(reading for track in self.tracks for reading in track.body)

    @property
    def closings(self) -> tuple[Reading, ...]:
        return tuple(track.closing for track in self.tracks)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """All of them, in one order in which they may be worked on."""
        return self.openings + self.bodies + self.closings

    def model(self) -> Model:
        """What is true when all are taken."""
        model = Model(self.shape)
        model.take_all(self.readings)
        return model


def plain_value(rng: random.Random) -> float:
    """A multiple of 1/64 between -1,000 and 1,000."""
    return rng.randint(-64_000, 64_000) / 64


def draw_shape(draw: Draws, *, slides: Sequence[int] = (), late: bool = False) -> Shape:
    """Windows of some length. ``slides``: into how many slides a window is cut, one of these; ``late``: readings may come late."""
    window_ms = draw.choice(WINDOWS_MS)
    parts = draw.choice(slides) if slides else 1
    lateness_ms = draw.choice((window_ms // 2, window_ms, window_ms * 3, window_ms // 5 + 1)) if late else 0
    return Shape(window_ms=window_ms, slide_ms=window_ms // parts if slides else None, lateness_ms=lateness_ms)


def draw_start(draw: Draws, shape: Shape) -> int:
    """When readings begin: a multiple of WINDOW_MS, some time in 2023."""
    return _BEGIN - _BEGIN % shape.window_ms + shape.window_ms * draw.integer(0, 1_000)


def draw_traffic(
    draw: Draws,
    shape: Shape,
    *,
    sensors: tuple[int, int] = (1, 4),
    windows: int = 3,
    most: int = 24,
    values: Values = plain_value,
    called: Sequence[str] = (),
) -> Traffic:
    """Readings of so many sensors over ``windows`` steps, about up to ``most`` in the body of each; ``called``: what the sensors are called."""
    naming = draw.integer(0, 99)
    start = draw_start(draw, shape)
    last_end = start + windows * shape.step_ms
    low, high = sensors
    plans = draw.some(lambda: (draw.integer(1, most), draw.source()), at_least=low, at_most=high, usually=high)
    tracks = (
        track(sensor, shape, start, last_end, count, rng, values)
        for sensor, (count, rng) in zip(called or names(naming, len(plans)), plans, strict=False)
    )
    return Traffic(shape, start, last_end, last_end + 1, tuple(tracks))


def track(
    sensor: str, shape: Shape, start: int, last_end: int, count: int, rng: random.Random, values: Values = plain_value
) -> Track:
    """One sensor with ``count`` readings in its body, out of order as far as the lateness allows."""
    moments = sorted(_inside(rng.randrange(start, last_end), shape) for _ in range(count))
    # Sent in the order of ts plus a delay of up to the lateness, none is further behind an earlier one than that.
    delayed = sorted(moments, key=lambda ts: (ts + rng.randint(0, shape.lateness_ms), ts))
    just = (last_end + shape.lateness_ms - 1, last_end - 1) if shape.lateness_ms else ()
    seq, readings = 0, []
    for ts in (start, *delayed, *just, last_end + shape.lateness_ms + 1):
        seq += 1 if rng.randrange(_GAP) else rng.randint(1, 5)
        readings.append(Reading(sensor, seq, ts, values(rng)))
    return Track(sensor, tuple(readings))


def _inside(ts: int, shape: Shape) -> int:
    """The same moment, or the next one if a window ends there."""
    return ts if ts % shape.step_ms else ts + 1


def names(number: int, count: int) -> list[str]:
    """``count`` different names; 0 gives s1, s2, … in this order."""
    plain = [f"s{each}" for each in range(1, count + 1)]
    if number == 0 or count > len(_ODD_NAMES):
        return plain
    return random.Random(number).sample(_ODD_NAMES, count)


def interleaved(rng: random.Random, *queues: Sequence[Reading]) -> list[Reading]:
    """All readings of several sensors, each sensor's in its order."""
    left = [list(reversed(queue)) for queue in queues if queue]
    mixed = []
    while left:
        queue = rng.choice(left)
        mixed.append(queue.pop())
        left = [each for each in left if each]
    return mixed
