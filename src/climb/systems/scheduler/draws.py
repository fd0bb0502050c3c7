"""The numbers behind generated workloads: MINSTD, so that a seed means the same workload in every version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Draws"]

_MULTIPLIER = 48271  # Park, Miller and Stockmeyer, Communications of the ACM 36 (7), 1993
_MODULUS = 2147483647
_SKIPPED = 8  # the first numbers of neighbouring seeds are close to each other

Item = TypeVar("Item")


class Draws:
    """Whole numbers drawn from a seed; the same seed gives the same numbers everywhere."""

    def __init__(self, seed: int) -> None:
        self._state = seed % (_MODULUS - 1) + 1
        for _ in range(_SKIPPED):
            self._next()

    def between(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included."""
        return low + self._next() % (high - low + 1)

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of ``items``."""
        return items[self.between(0, len(items) - 1)]

    def _next(self) -> int:
        self._state = self._state * _MULTIPLIER % _MODULUS
        return self._state
