"""The race for the tail: how late an unlucky client is served at half of what the slower side can do, and how that grows with the load."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import AsyncIterator, Awaitable
from typing import Protocol

from climb.judge.evidence import Latencies, Percentiles
from climb.judge.load import Histogram, HttpLoaded
from climb.races.over_load import over_load
from climb.races.race import Field, HeatOf, Side

__all__ = ["Load", "half_load"]

_HEAT_S = 1.0
_OPEN_HEAT_S = 1.5  # at a rate, so that the 99th percentile is that of many requests
_SHARES = (0.2, 0.4, 0.6, 0.8, 0.95)  # of the slower side's most
_FURTHER = (0.5, 0.9)  # of the faster side's own
_Drawn = tuple[str, list[tuple[float, float]]]  # a line's name, and points of rate and milliseconds


class Load(Protocol):
    """Asks one side: at a rate, or each connection again as soon as it is answered; every answer is right, or the heat fails."""

    def __call__(
        self, side: Side, *, seconds: float, rate_per_s: float | None = None, seed: int = 0
    ) -> Awaitable[HttpLoaded]:
        """What came of it."""


@contextlib.asynccontextmanager
async def half_load(field: Field, load: Load) -> AsyncIterator[HeatOf]:
    """Heats whose value is the 99th percentile; latencies by percentile and over load are left behind them."""
    most = await _most_of_each(field, load)
    rate = min(most.values()) / 2
    latencies = {side: Histogram() for side in field.sides}

    async def heat(side: Side) -> float:
        found = await load(side, seconds=_OPEN_HEAT_S, rate_per_s=rate, seed=field.turn)
        field.doubt(found.doubt)
        if field.turn:
            latencies[side] += found.latencies
        return found.latencies.percentile_ms(99)

    yield heat
    curves = tuple(Percentiles(label=side.name, points=latencies[side].curve()) for side in field.sides)
    field.evidence.append(Latencies(subject=f"latency at {rate:,.0f} requests a second", unit="ms", curves=curves))
    field.plots.append(over_load(await _lines_over_load(field, load, most)))


async def _most_of_each(field: Field, load: Load) -> dict[Side, float]:
    """As fast as each side can, the same for both: the median of three, in turns."""
    found: dict[Side, list[float]] = {side: [] for side in field.sides}
    for _ in range(3):
        for side, each in (await field.each(lambda side: load(side, seconds=_HEAT_S))).items():
            found[side].append(each.answers_per_s)
    return {side: statistics.median(rates) for side, rates in found.items()}


async def _lines_over_load(field: Field, load: Load, most: dict[Side, float]) -> list[_Drawn]:
    """Median and 99th percentile at several rates: the same for both, and further ones for the faster."""
    slower = min(most.values())

    async def lines(side: Side) -> list[_Drawn]:
        own = (share * most[side] for share in _FURTHER)
        rates = sorted({share * slower for share in _SHARES} | {rate for rate in own if rate > slower})
        found = [(rate, (await load(side, seconds=_HEAT_S, rate_per_s=rate)).latencies) for rate in rates]
        return [
            (f"{side.name}, {label}", [(rate, each.percentile_ms(percentile)) for rate, each in found])
            for label, percentile in (("median", 50.0), ("99 %", 99.0))
        ]

    return [line for both in (await field.each(lines)).values() for line in both]
