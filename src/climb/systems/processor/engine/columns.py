"""How readings and windows lie in memory, in shared memory and in the log: records of whole words.

One record a reading, not one array a field: a batch is handed over, forwarded and logged by copying one piece of memory,
and a kernel finds all fields of a reading in half a line of the processor's cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ERROR",
    "MARKER",
    "NOTHING",
    "PROVISIONAL",
    "READING",
    "WINDOW",
    "Floats",
    "Records",
    "Words",
    "floats_of",
    "no_readings",
    "no_windows",
    "words_of",
]

READING = np.dtype([("sensor", "<u4"), ("connection", "<u4"), ("seq", "<i8"), ("ts", "<i8"), ("value", "<f8")])
WINDOW = np.dtype(
    [
        ("sensor", "<i8"),
        ("start", "<i8"),
        ("count", "<i8"),
        ("sum", "<f8"),
        ("mean", "<f8"),
        ("min", "<f8"),
        ("max", "<f8"),
        ("p50", "<f8"),
        ("p95", "<f8"),
        ("p99", "<f8"),
        ("first_ts", "<i8"),
        ("last_ts", "<i8"),
    ]
)
PROVISIONAL = 1 << 31  # from here on an id is the parser's own, for a name that has no id of everyone yet
ERROR = 0.01  # relative error of percentiles that is promised
MARKER = (1 << 32) - 1  # no sensor: a record of a ring that marks a place in it
NOTHING = (1 << 63) - 1  # a clock above all clocks

Records: TypeAlias = "NDArray[Any]"
Words: TypeAlias = "NDArray[np.int64]"
Floats: TypeAlias = "NDArray[np.float64]"


def words_of(records: Records) -> Words:
    """Return the same memory as rows of 64-bit integers."""
    return records.view(np.int64).reshape(len(records), records.itemsize // 8)


def floats_of(records: Records) -> Floats:
    """Return the same memory as rows of 64-bit floats."""
    return records.view(np.float64).reshape(len(records), records.itemsize // 8)


def no_readings() -> Records:
    """Return a batch of none."""
    return np.empty(0, READING)


def no_windows() -> Records:
    """Return windows, none of them."""
    return np.empty(0, WINDOW)
