"""Stage 7: percentiles within the error that the program states, and sums that keep their digits."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.processor.driver import Processor
from climb.projects.processor.rules import Model, Reading
from climb.projects.processor.stages.draws import draw_shape, draw_start
from climb.projects.processor.stages.judged import look_right

__all__ = ["percentiles"]

percentiles = Stage(
    "percentiles",
    "Percentiles",
    concepts=["quantile-sketches", "choosing-a-structure", "sorting", "tail-latency"],
    hints=[
        "If an estimate may be off by 1 % of the value, which values need not be told apart?",
        "Put a value x > 0 into bucket ⌈log(x) / log(γ)⌉ and count only how many are in each bucket. With γ = (1 + e) / (1 - e), the middle of a bucket is within "
        "e of everything in it. Negative values get buckets of their own, and 0 is counted apart.",
        "To find place ⌈q·n⌉, walk through the negative buckets from the largest index down, then the zeros, then the positive ones upwards, and add up the "
        "counts. Answer 2·γ^i / (γ + 1) for bucket i, kept between min and max. DDSketch (Masson, Rim and Lee, 2019) is this, and merges by adding counts.",
    ],
)

_LARGEST_ERROR = 0.02
_MOST = 3_000
Values = Callable[[random.Random], float]


@percentiles.check
async def the_stated_error_holds(processor: Processor, world: World) -> None:
    """Percentiles of many values are within the error that /stats states, at most 0.02."""
    await _judge(processor, world, _many(lambda rng: rng.randint(1, 64_000) / 64), stated=True)


@percentiles.check
async def many_magnitudes(processor: Processor, world: World) -> None:
    """The error is relative to the value, whether that is a billionth or a billion."""
    await _judge(processor, world, _many(lambda rng: 10.0 ** rng.uniform(-9, 12)))


@percentiles.check
async def negatives_and_zeros(processor: Processor, world: World) -> None:
    """Negative values and 0 have their places in the order like others."""

    def values(rng: random.Random) -> list[float]:
        # So that p50 falls on a negative value, not in their middle, p95 on a zero, and p99 on a positive value.
        negative = rng.uniform(0.6, 0.8)
        return [_signed(rng, negative, 0.97 - negative) for _ in range(rng.randint(1_000, _MOST))]

    await _judge(processor, world, values)


@percentiles.check
async def few_values(processor: Processor, world: World) -> None:
    """Of one, two or a few values far apart, a percentile is the one at place ⌈q·n⌉, and nothing between two of them."""

    def few(rng: random.Random) -> list[float]:
        return [10.0 ** rng.randint(-3, 9) * rng.choice((1, 1, -1)) for _ in range(rng.randint(1, 5))]

    await _judge(processor, world, few, most_windows=8)


@percentiles.check
async def the_order_of_arrival_has_no_part(processor: Processor, world: World) -> None:
    """Values that come sorted, either way, have the percentiles that they have in any order."""

    def sorted_values(rng: random.Random) -> list[float]:
        values = sorted(1.0 + 1000 * rng.random() ** 3 for _ in range(rng.randint(1_000, _MOST)))
        return values if rng.randrange(2) else values[::-1]

    await _judge(processor, world, sorted_values)


@percentiles.check
async def sums_keep_their_digits(processor: Processor, world: World) -> None:
    """Sum and mean of decimals that no double holds exactly are right to 10⁻⁹; min and max are exact."""
    # One size for a window: large values would hide the digits of small ones.
    sizes = itertools.cycle((0.1, 123_456_789.0, 1e-7))

    def values(rng: random.Random) -> list[float]:
        size = next(sizes)
        return [round(size + rng.random() / 1000, 12) for _ in range(rng.randint(1_000, _MOST))]

    await _judge(processor, world, values, most_windows=3)


def _signed(rng: random.Random, negative: float, zero: float) -> float:
    place = rng.random()
    if place < negative:
        return -math.pow(10, rng.uniform(-3, 6))
    return 0.0 if place < negative + zero else math.pow(10, rng.uniform(-3, 3))


def _many(value: Values) -> Callable[[random.Random], list[float]]:
    return lambda rng: [value(rng) for _ in range(rng.randint(1_000, _MOST))]


async def _judge(
    processor: Processor,
    world: World,
    values: Callable[[random.Random], list[float]],
    *,
    most_windows: int = 2,
    stated: bool = False,
) -> None:
    """Fill windows with such values, and compare all that they say; ``stated``: the error that is stated is judged as well."""
    shape = draw_shape(world.draw)
    start = draw_start(world.draw, shape)
    windows = [values(rng) for rng in world.draw.some(world.draw.source, at_least=1, at_most=most_windows, usually=4)]
    readings: list[Reading] = []
    for number, members in enumerate(windows):
        readings += [
            Reading("s1", len(readings) + 1 + place, start + number * shape.window_ms, value)
            for place, value in enumerate(members)
        ]
    readings.append(Reading("s1", len(readings) + 1, start + len(windows) * shape.window_ms, 0.0))
    running = await processor.start(shape)
    error = (await running.stats()).percentile_error
    if stated:
        expect(error, "percentile_error in /stats").satisfies(
            lambda error: 0 <= error <= _LARGEST_ERROR,
            expected="0 to 0.02",
            why="Percentiles may be estimates, but not worse than that.",
        )
    error = min(max(error, 0.0), _LARGEST_ERROR)
    sender = await running.connect()
    model = Model(shape)
    model.take_all(readings)
    closed = model.closed()

    await sender.deliver(*readings)

    look_right(await running.windows(len(closed)), closed, error, saw=f"percentile_error {error:g}")
