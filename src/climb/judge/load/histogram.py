"""Latencies in the layout of HdrHistogram (Gil Tene): any number of values in constant memory, each known to so many digits.

Values are whole nanoseconds. Up to twice ten to the number of digits each has a bucket of its own; beyond, the buckets of each power of
two are twice as wide as those of the one before, so that a bucket is never wider than the last digit of what is in it. Places in that row
of buckets are the same for all histograms of as many digits, so adding two is adding counts.

The library of that name has no wheels for all machines that we run on (docs/decisions/0021).
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable

import msgspec

__all__ = ["Histogram", "Recorder"]

_LONGEST_NS = (1 << 42) - 1  # more than an hour
_MS = 1e6  # nanoseconds
_STEPS = 16  # points of a curve for each further nine


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded: filled buckets as pairs of place and count, in order, and the exact least, largest and total."""

    digits: int = 3
    buckets: tuple[tuple[int, int], ...] = ()
    least_ns: int = 0
    largest_ns: int = 0
    total_ns: int = 0

    @property
    def count(self) -> int:
        """How many values."""
        return sum(count for _, count in self.buckets)

    @property
    def mean_ms(self) -> float:
        """Their mean; 0 without any."""
        return self.total_ns / self.count / _MS if self.buckets else 0.0

    @property
    def max_ms(self) -> float:
        """The largest of them, exactly; 0 without any."""
        return self.largest_ns / _MS

    def percentile_ns(self, percentile: float) -> int:
        """The least value that at least so many percent do not exceed, or at most its last digit more; 0 without any value."""
        (found,) = self._at([percentile])
        return found

    def percentile_ms(self, percentile: float) -> float:
        """The same in milliseconds."""
        return self.percentile_ns(percentile) / _MS

    def above(self, limit_ns: int) -> int:
        """How many values are larger, as far as their buckets tell: what shares the limit's bucket is not."""
        place = _place(limit_ns, _magnitude(self.digits))
        return sum(count for at, count in self.buckets if at > place)

    def curve(self) -> tuple[tuple[float, float], ...]:
        """Pairs of percentile and milliseconds, closer and closer towards 100 as far as there are values; the last is the largest."""
        count = self.count
        if not count:
            return ()
        steps = range(math.ceil(_STEPS * math.log10(count)))
        percentiles = sorted({50.0} | {100 - 100 * 10 ** (-step / _STEPS) for step in steps}) if count > 2 else []
        points = [(each, value / _MS) for each, value in zip(percentiles, self._at(percentiles), strict=True)]
        return (*points, (100 - 100 / count, self.max_ms))

    def __add__(self, other: Histogram) -> Histogram:
        """The values of both."""
        if not other.buckets or not self.buckets:
            return self if not other.buckets else other
        if self.digits != other.digits:
            raise ValueError("histograms of different digits can't be added")
        counts = dict(self.buckets)
        for place, count in other.buckets:
            counts[place] = counts.get(place, 0) + count
        return Histogram(
            digits=self.digits,
            buckets=tuple(sorted(counts.items())),
            least_ns=min(self.least_ns, other.least_ns),
            largest_ns=max(self.largest_ns, other.largest_ns),
            total_ns=self.total_ns + other.total_ns,
        )

    def _at(self, percentiles: Iterable[float]) -> list[int]:
        if not self.buckets:
            return [0 for _ in percentiles]
        sums = list(itertools.accumulate(count for _, count in self.buckets))
        magnitude = _magnitude(self.digits)
        found = []
        for percentile in percentiles:
            rank = min(max(math.ceil(round(percentile / 100 * sums[-1], 6)), 1), sums[-1])
            place, _ = self.buckets[bisect.bisect_left(sums, rank)]
            found.append(max(min(_highest(place, magnitude), self.largest_ns), self.least_ns))
        return found


class Recorder:
    """Takes values one by one, each for a small part of what a request costs."""

    def __init__(self, digits: int = 3) -> None:
        self._digits = digits
        self._magnitude = _magnitude(digits)
        self._counts = [0] * (_place(_LONGEST_NS, self._magnitude) + 1)
        self._least_ns = _LONGEST_NS
        self._largest_ns = 0
        self._total_ns = 0

    def record(self, value_ns: int) -> None:
        """One more value; what is below zero counts as zero, and what is too long as the longest."""
        value = value_ns if 0 <= value_ns <= _LONGEST_NS else 0 if value_ns < 0 else _LONGEST_NS
        shift = value.bit_length() - self._magnitude
        if shift <= 0:
            self._counts[value] += 1
        else:
            self._counts[(shift << (self._magnitude - 1)) + (value >> shift)] += 1
        self._total_ns += value
        if value < self._least_ns:  # noqa: PLR1730 - min and max would cost more than all the rest
            self._least_ns = value
        if value > self._largest_ns:  # noqa: PLR1730
            self._largest_ns = value

    def histogram(self) -> Histogram:
        """What was recorded so far."""
        buckets = tuple((place, count) for place, count in enumerate(self._counts) if count)
        if not buckets:
            return Histogram(digits=self._digits)
        return Histogram(
            digits=self._digits,
            buckets=buckets,
            least_ns=self._least_ns,
            largest_ns=self._largest_ns,
            total_ns=self._total_ns,
        )


def _magnitude(digits: int) -> int:
    """Values of so many bits have a bucket of their own."""
    return int(2 * 10**digits - 1).bit_length()


def _place(value: int, magnitude: int) -> int:
    shift = max(value.bit_length() - magnitude, 0)
    return (shift << (magnitude - 1)) + (value >> shift)


def _highest(place: int, magnitude: int) -> int:
    """The largest value of a bucket."""
    shift = max((place >> (magnitude - 1)) - 1, 0)
    return ((place - (shift << (magnitude - 1)) + 1) << shift) - 1
