"""How much of a secret nobody can guess, as far as samples tell: a bound from above, since it can only see what repeats.

At each place of a text the letters of all samples are counted. A place where n different letters came holds at most log2 of n bits, and in
a small sample n is smaller than the alphabet; so the sum is corrected for what a truly random place would have shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["SAMPLES", "bits_at_most"]

SAMPLES = 40
_ALPHABETS = (2, 4, 8, 10, 16, 26, 32, 36, 52, 58, 62, 64, 66)


def bits_at_most(samples: Sequence[str]) -> float:
    """Bits of randomness in such a text, by the letters at each of its places. Two that are alike have none."""
    if len(set(samples)) < len(samples):
        return 0.0
    shortest = min(map(len, samples))
    return sum(_bits(len({sample[place] for sample in samples}), len(samples)) for place in range(shortest))


def _bits(different: int, samples: int) -> float:
    """Bits of a place that showed so many letters: those of the largest alphabet that so many could come from."""
    if different == 1:
        return 0.0
    for letters in _ALPHABETS:
        expected = letters * (1 - (1 - 1 / letters) ** samples)
        if different <= expected + 0.5:
            return math.log2(letters)
    return math.log2(_ALPHABETS[-1])
