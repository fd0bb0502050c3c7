"""Percentiles of times in ticks, by nearest rank: always one of the values that occurred."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

__all__ = ["Spread", "spread"]


class Spread(msgspec.Struct, frozen=True):
    """How times are spread: mean, median, 90th and 99th percentile, and the largest."""

    mean: float
    p50: int
    p90: int
    p99: int
    max: int


def spread(times: Iterable[int]) -> Spread:
    """The spread of ``times``, of which there is at least one."""
    ordered = sorted(times)
    return Spread(
        mean=sum(ordered) / len(ordered),
        p50=_nearest(ordered, 50),
        p90=_nearest(ordered, 90),
        p99=_nearest(ordered, 99),
        max=ordered[-1],
    )


def _nearest(ordered: list[int], percent: int) -> int:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
