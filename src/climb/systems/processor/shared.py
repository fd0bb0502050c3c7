"""What workers count, where the parent sees it without asking: a few words of shared memory for each.

The memory is anonymous and inherited by fork: nothing has a name, so nothing is left behind by a kill.
A word has one writer. What was acknowledged must be in the numbers, so a worker writes them before it sends acks.
"""

from __future__ import annotations

import mmap
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LAG_BUCKETS", "NO_FLOOR", "Counts", "Word"]

NO_FLOOR = (1 << 63) - 1  # all sensors of this worker are idle, or it has none
LAG_BUCKETS = 128  # of delays from arrival to commit: four to a doubling, from a microsecond on
_WORDS = 256


class Word(IntEnum):
    """Places of a worker's numbers."""

    ACCEPTED = 0  # of all time
    LATE = 1  # of all time
    DUPLICATES = 2
    REJECTED = 3
    READINGS = 4  # good lines of this worker's connections
    BYTES = 5
    CONNECTIONS = 6
    COMMITS = 7
    OPEN_WINDOWS = 9
    FLOOR = 10
    RECOVERY_US = 11
    UNACKNOWLEDGED = 13  # bytes read and not acknowledged yet
    SENSORS = 14
    BEGUN = 15  # connections, since the start
    LAG = 64  # and the buckets behind it


class Counts:
    """One row of words for each worker."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._memory = mmap.mmap(-1, workers * _WORDS * 8)

    def rows(self) -> np.ndarray[Any, Any]:
        """Return the words as an array, a row for each worker."""
        import numpy as np

        return np.frombuffer(self._memory, np.int64).reshape(self._workers, _WORDS)
