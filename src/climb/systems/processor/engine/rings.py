"""Readings from the worker that read them to the worker that owns their sensors, through memory that both see.

No message goes back: the owner moves a position when readings are on the disk, and who wrote them looks at it.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

from climb.systems.processor.engine.columns import READING, Records, words_of
from climb.systems.processor.engine.kernels import rings as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ring", "deal"]


class Ring:
    """A queue of readings in shared memory, for one writer and one reader."""

    def __init__(self, buffer: Any = None, records: int = 1 << 14) -> None:
        """Lie in a buffer of zeros, or in memory of its own that processes forked from now on share."""
        if records & (records - 1):
            raise ValueError(f"a ring has a power of two of places, not {records}")
        size = self.bytes_for(records)
        memory: NDArray[np.uint8] = np.frombuffer(mmap.mmap(-1, size) if buffer is None else buffer, np.uint8, size)
        self._head = memory[: kernels.HEAD_WORDS * 8].view(np.int64)
        self._places = memory[kernels.HEAD_WORDS * 8 :].view(READING)
        self._words = words_of(self._places)

    @staticmethod
    def bytes_for(records: int) -> int:
        """Return how much memory a ring takes."""
        return kernels.HEAD_WORDS * 8 + records * READING.itemsize

    @property
    def written(self) -> int:
        """How many readings were ever pushed."""
        return int(self._head[kernels.WRITTEN])

    @property
    def taken(self) -> int:
        """How many of them were released by the reader."""
        return int(self._head[kernels.TAKEN])

    @property
    def committed(self) -> int:
        """How many of them are safe, as the reader says."""
        return int(self._head[kernels.COMMITTED])

    def push(self, readings: Records) -> int:
        """Write as many readings as there is room for, and return how many."""
        return kernels.put(words_of(readings), self._head, self._words)

    def peek(self) -> Records:
        """Return what can be read in one piece; it stays there until it is released."""
        many = kernels.get(self._head, self._words)
        at = self.taken & (len(self._places) - 1)
        return self._places[at : at + many]

    def release(self, readings: int) -> None:
        """Give the places of so many readings back to the writer."""
        kernels.set_position(self._head, kernels.TAKEN, self.taken + readings)

    def set_committed(self, position: int) -> None:
        """Tell the writer that so many readings, of all that were ever pushed, are safe."""
        kernels.set_position(self._head, kernels.COMMITTED, position)


def deal(readings: Records, workers: int) -> list[Records]:
    """Return the readings of each owner, in their order; copies."""
    if workers == 1:
        return [readings.copy()]
    out = np.empty_like(readings)
    bounds = np.empty(workers + 1, np.int64)
    kernels.deal_out(words_of(readings), workers, bounds, words_of(out))
    return [out[bounds[owner] : bounds[owner + 1]] for owner in range(workers)]
