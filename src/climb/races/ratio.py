"""The ratio of two sides that ran in pairs, with a 95 % interval, and what it says.

A pair's two heats share the machine's mood, so the ratio is taken within each pair. Ratios multiply, so their logarithms are averaged,
and the interval is Student's t of these: it is honest for the few pairs that a minute allows, where a bootstrap is too narrow.
Sources: Student, The Probable Error of a Mean, Biometrika 6 (1908); Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Literal

from climb.labs.statistics import Estimate

__all__ = ["LEAST_PAIRS", "claim", "is_narrow", "paired_ratio", "reach"]

LEAST_PAIRS = 4
_NARROW = 1.05  # the high end of an interval by its low end
# The 97.5th percentile of Student's t by degrees of freedom, from 1; beyond, the last one is a little too wide, and so on the safe side.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


def paired_ratio(yours: Sequence[float], ours: Sequence[float], better: Literal["higher", "lower"]) -> Estimate | None:
    """How many times as good yours is, above 1 where you are ahead; None for fewer than two pairs. Values are above 0."""
    sign = 1 if better == "higher" else -1
    logs = [sign * (math.log(one) - math.log(other)) for one, other in zip(yours, ours, strict=True)]
    if len(logs) < 2:
        return None
    middle = statistics.fmean(logs)
    reached = _T[min(len(logs) - 1, len(_T)) - 1] * statistics.stdev(logs) / math.sqrt(len(logs))
    return Estimate(math.exp(middle), math.exp(middle - reached), math.exp(middle + reached))


def reach(ratio: Estimate) -> float:
    """The high end of the interval by its low end: 1 if nothing is open."""
    return ratio.high / ratio.low


def is_narrow(ratio: Estimate | None, pairs: int) -> bool:
    """Whether more heats would tell nothing new.

    Only the width decides, never on which side of 1 the interval lies: who stops as soon as it says what he likes deceives himself.
    """
    return ratio is not None and pairs >= LEAST_PAIRS and reach(ratio) <= _NARROW


def claim(ratio: Estimate) -> str:
    """What the interval allows to say."""
    if ratio.low > 1:
        return f"yours is {_times(ratio.value)} as good as ours"
    if ratio.high < 1:
        return f"ours is {_times(1 / ratio.value)} as good as yours"
    return "no difference shows: 1 lies within the interval"


def _times(value: float) -> str:
    return f"{value:.3g} times"
