"""The few statistics that labs need, chosen for small samples with outliers: medians, quantiles and bootstrap intervals.

A bootstrap interval answers: had we measured as often again, where would the median have fallen 95 times of 100? It knows
nothing of errors that all measurements share, such as a busy machine, and labs must not claim more.
Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13 (percentile intervals).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import median

import msgspec

__all__ = ["Estimate", "median", "median_estimate", "quantile", "ratio_estimate", "spread"]

_RESAMPLES = 1000
_COVERED = 0.95


class Estimate(msgspec.Struct, frozen=True):
    """A value, and the 95 % interval around it; ``low`` and ``high`` equal the value if it was measured only once."""

    value: float
    low: float
    high: float


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the values lie, interpolated between neighbours. At least one value is needed."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def spread(values: Sequence[float]) -> float:
    """How far the middle half of the values reaches, relative to the median: 0.1 means a tenth of it."""
    middle = median(values)
    return (quantile(values, 0.75) - quantile(values, 0.25)) / middle if middle else 0.0


def median_estimate(values: Sequence[float]) -> Estimate:
    """The median and its bootstrap interval. The same values give the same interval."""
    return _estimate(median(values), lambda draw: median(draw(values)))


def ratio_estimate(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """The ratio of two medians and its bootstrap interval; the two samples are drawn independently."""
    value = median(numerators) / median(denominators)
    return _estimate(value, lambda draw: median(draw(numerators)) / median(draw(denominators)))


def _estimate(value: float, again: Callable[[Callable[[Sequence[float]], list[float]]], float]) -> Estimate:
    chance = random.Random(0)  # the same for everyone: an explanation must not change when it is read again

    def draw(values: Sequence[float]) -> list[float]:
        return chance.choices(values, k=len(values))

    repeated = [again(draw) for _ in range(_RESAMPLES)]
    outside = (1 - _COVERED) / 2
    return Estimate(value, quantile(repeated, outside), quantile(repeated, 1 - outside))
