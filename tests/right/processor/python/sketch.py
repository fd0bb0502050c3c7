"""Percentiles with a bounded relative error, from counts in buckets (the idea of DDSketch, VLDB 2019).

Bucket i counts the values v with RATIO^(i-1) < v <= RATIO^i. Its middle is at most ERROR away from each of them, relatively.
Negative values have buckets of their own, by their size, and zeros are counted.
"""

import math
from array import array

STATED_ERROR = 0.01
ERROR = 0.0099  # a little less than stated, so that rounding at the edge of a bucket does no harm
RATIO = (1 + ERROR) / (1 - ERROR)
SCALE = 1 / math.log(RATIO)
MIDDLE = 2 / (1 + RATIO)


def rank(q_percent, count):
    """The place of a percentile among so many values, counted from 1, without the rounding of 0.95 * 100."""
    return -(-q_percent * count // 100)


class Buckets:
    """Counts side by side, from the lowest bucket in use to the highest: four bytes each."""

    __slots__ = ("first", "counts")

    def __init__(self):
        self.first = 0
        self.counts = array("I")

    def add(self, size):
        bucket = math.ceil(math.log(size) * SCALE)
        place = bucket - self.first
        if not 0 <= place < len(self.counts):
            place = self._make_room(bucket)
        self.counts[place] += 1

    def _make_room(self, bucket):
        if not self.counts:
            self.first = bucket
            self.counts.append(0)
        elif bucket < self.first:
            self.counts = array("I", bytes(4 * (self.first - bucket))) + self.counts
            self.first = bucket
        else:
            self.counts.frombytes(bytes(4 * (bucket - self.first + 1 - len(self.counts))))
        return bucket - self.first

    def sizes(self):
        """(size, how many), from small to large."""
        for place, count in enumerate(self.counts):
            if count:
                yield math.exp((self.first + place) / SCALE) * MIDDLE, count


class Sketch:
    __slots__ = ("negative", "zeros", "positive")

    def __init__(self):
        self.negative = None
        self.zeros = 0
        self.positive = None

    def add(self, value):
        if value > 0:
            if self.positive is None:
                self.positive = Buckets()
            self.positive.add(value)
        elif value < 0:
            if self.negative is None:
                self.negative = Buckets()
            self.negative.add(-value)
        else:
            self.zeros += 1

    def in_order(self):
        """(value, how many), upwards: the most negative first."""
        if self.negative is not None:
            for size, count in reversed(list(self.negative.sizes())):
                yield -size, count
        yield 0.0, self.zeros
        if self.positive is not None:
            yield from self.positive.sizes()

    def percentiles(self, count, percents):
        """Estimates for percents that rise."""
        found, below, values = [], 0, self.in_order()
        value = 0.0
        for percent in percents:
            while below < rank(percent, count):
                value, many = next(values)
                below += many
            found.append(value)
        return found
