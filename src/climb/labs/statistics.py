"""The few statistics that labs need, chosen for small samples with outliers: medians, quantiles and bootstrap intervals.

A bootstrap interval answers: had we measured as often again, where would the median have fallen 95 times of 100? It knows
nothing of errors that all measurements share, such as a busy machine, and labs must not claim more.
Source: Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13 (percentile intervals).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache
from statistics import median

import msgspec

__all__ = ["Estimate", "median", "median_estimate", "quantile", "ratio_estimate", "share_estimate", "spread"]

_RESAMPLES = 1000
_COVERED = 0.95
_NORMAL_COVERED = 1.96  # standard deviations, on both sides


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
    return _estimate(median(values), _resampled_medians(values, "numerator"))


def ratio_estimate(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """The ratio of two medians and its bootstrap interval; the two samples are drawn independently."""
    above, below = _resampled_medians(numerators, "numerator"), _resampled_medians(denominators, "denominator")
    ratios = [one / other for one, other in zip(above, below, strict=True)]
    return _estimate(median(numerators) / median(denominators), ratios)


def share_estimate(count: int, of: int) -> Estimate:
    """The share of ``of`` independent trials that ``count`` are, and its interval by Wilson's formula, which also fits none and all.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
    """
    share, square = count / of, _NORMAL_COVERED**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _NORMAL_COVERED / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Estimate(share, min(max(middle - reach, 0.0), share), max(min(middle + reach, 1.0), share))


def _estimate(value: float, resampled: list[float]) -> Estimate:
    outside = (1 - _COVERED) / 2
    return Estimate(value, quantile(resampled, outside), quantile(resampled, 1 - outside))


def _resampled_medians(values: Sequence[float], role: str) -> list[float]:
    """The medians of a thousand samples of the same size, drawn from ``values`` with replacement."""
    ordered = sorted(values)
    return [(ordered[low] + ordered[high]) / 2 for low, high in _middle_ranks(len(ordered), role)]


@cache
def _middle_ranks(size: int, role: str) -> list[tuple[int, int]]:
    """Which two of ``size`` ordered values are in the middle of each resample (the same one twice if the size is odd).

    Drawing with replacement is drawing uniform numbers and looking up the value there, so the middle ones of a resample are where
    the middle order statistics of uniform numbers fall. Those can be drawn at once: the k-th of n is Beta(k, n - k + 1) distributed,
    and the next one is the least of the n - k that lie above it (David and Nagaraja, Order Statistics, chapter 2). So nothing has to
    be sorted, and for one size it is done once. The seed is fixed: an explanation must not change when it is read again.
    """
    chance = random.Random(f"{role} {size}")
    k = (size + 1) // 2
    ranks = []
    for _ in range(_RESAMPLES):
        first = second = chance.betavariate(k, size - k + 1)
        if size % 2 == 0:
            second = first + (1 - first) * (1 - chance.random() ** (1 / (size - k)))
        ranks.append((min(int(first * size), size - 1), min(int(second * size), size - 1)))
    return ranks
