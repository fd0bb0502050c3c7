"""Percentiles with a bounded relative error: counts of values in buckets whose bounds grow by a constant factor.

The sketch of Masson, Rim and Lee (DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees,
PVLDB 12(12), 2019): with γ = (1 + α) / (1 − α), a value x > 0 is in bucket ⌈log_γ x⌉, and 2γⁱ / (γ + 1) is at most α·x away
from every value of bucket i. Negative values have buckets of their own, so has 0. Two sketches are merged by adding counts,
which is what a window does with its panes.

α is a little less than what is promised, for the rounding of log and exp. Below 2**-1060 doubles are so coarse that the
estimate's own rounding would break the promise; these are multiples of 2**-1074, and each has its own bucket.

The counts of one pane are a block of cells, an open-addressing table; a cell is a bucket and a count in one word. Blocks
are powers of two, cut from one array and given back to a list for each size, so memory grows with the number of distinct
buckets of each pane and with nothing else.
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "BUCKETS",
    "COARSE",
    "NO_ROOM",
    "ORDERS",
    "SMALLEST_ORDER",
    "add_block",
    "bucket_of",
    "clear_block",
    "clear_store",
    "count_in_block",
    "give_block",
    "move_block",
    "take_block",
    "value_at",
]

_ALPHA = 0.0099  # columns.ERROR is what is promised
_LOG_GAMMA = math.log((1 + _ALPHA) / (1 - _ALPHA))
_PER_LOG = 1 / _LOG_GAMMA
_MIDDLE = 2 / (1 + (1 + _ALPHA) / (1 - _ALPHA))
_TINY = 2.0**-1060  # below it, a bucket for each double
_TINIEST = 2.0**-1074
_OFFSET = 60_000  # makes every ⌈log_γ x⌉ positive, and leaves room for the tiny ones below
_ZERO = 1 << 17  # the bucket of 0: those of negative values are below, those of positive ones above
BUCKETS = 1 << 18
COARSE = 8  # bits of a bucket that are left out in the first of two looks

SMALLEST_ORDER = 2  # a block has 2**order cells
ORDERS = 20
NO_ROOM = -1
_COUNT_BITS = 40
_COUNT = (1 << _COUNT_BITS) - 1
_FIRST_TOP = 0  # of the words of the store: cells in use; then the first free block of each order, plus 1


@kernel
def bucket_of(value: float) -> int:
    """Return the bucket of a value; a larger value has the same or a larger one."""
    size = abs(value)
    place = math.ceil(math.log(size) * _PER_LOG) + _OFFSET if size >= _TINY else size / _TINIEST
    bucket = np.int64(place)
    return _ZERO - bucket if value < 0 else _ZERO + bucket


@kernel
def value_at(bucket: int) -> float:
    """Return the estimate for all values of a bucket."""
    place = abs(bucket - _ZERO)
    if place <= 1 << 14:
        size = place * _TINIEST
    else:
        power = (place - _OFFSET) * _LOG_GAMMA
        large = power > 1  # less 1, so that the largest doubles do not overflow
        size = math.exp(power - large) * (_MIDDLE * math.e if large else _MIDDLE)
    return -size if bucket < _ZERO else size


@kernel
def take_block(order: int, cells: NDArray[np.int64], store: NDArray[np.int64]) -> int:
    """Return the place of an empty block, or NO_ROOM."""
    free = store[1 + order]
    if free > 0:
        place = free - 1
        store[1 + order] = cells[place]
        cells[place] = 0
        return place
    place = store[_FIRST_TOP]
    if place + (1 << order) > len(cells):
        return NO_ROOM
    store[_FIRST_TOP] = place + (1 << order)
    return place


@kernel
def give_block(place: int, order: int, cells: NDArray[np.int64], store: NDArray[np.int64]) -> None:
    """Take a block back, emptied."""
    for cell in range(place, place + (1 << order)):
        cells[cell] = 0
    cells[place] = store[1 + order]
    store[1 + order] = place + 1


@kernel
def clear_store(top: int, cells: NDArray[np.int64], store: NDArray[np.int64]) -> None:
    """Have the cells up to a place in use, and none of them free."""
    for cell in range(top, store[_FIRST_TOP]):
        cells[cell] = 0
    store[:] = 0
    store[_FIRST_TOP] = top


@kernel
def count_in_block(bucket: int, more: int, place: int, order: int, cells: NDArray[np.int64]) -> int:
    """Count a value, or several; return 1 if its bucket is new, else 0. There must be a free cell."""
    mask = (1 << order) - 1
    cell = (bucket + (bucket >> 5) * 40503) & mask  # neighbouring buckets stay neighbours, their groups are scattered
    while True:
        found = cells[place + cell]
        if found == 0:
            cells[place + cell] = bucket << _COUNT_BITS | more
            return 1
        if found >> _COUNT_BITS == bucket:
            cells[place + cell] = found + more
            return 0
        cell = (cell + 1) & mask


@kernel
def move_block(place: int, order: int, to: int, to_order: int, cells: NDArray[np.int64]) -> None:
    """Count all of one block in another one."""
    for cell in range(place, place + (1 << order)):
        if cells[cell] != 0:
            count_in_block(cells[cell] >> _COUNT_BITS, cells[cell] & _COUNT, to, to_order, cells)


@kernel
def add_block(
    place: int, order: int, cells: NDArray[np.int64], fine: NDArray[np.int64], coarse: NDArray[np.int64]
) -> None:
    """Add the counts of a block to counts by bucket, and by group of buckets."""
    for cell in range(place, place + (1 << order)):
        found = cells[cell]
        if found != 0:
            bucket = found >> _COUNT_BITS
            fine[bucket] += found & _COUNT
            coarse[bucket >> COARSE] += found & _COUNT


@kernel
def clear_block(
    place: int, order: int, cells: NDArray[np.int64], fine: NDArray[np.int64], coarse: NDArray[np.int64]
) -> None:
    """Undo ``add_block`` for all blocks that have the same buckets or some of them."""
    for cell in range(place, place + (1 << order)):
        if cells[cell] != 0:
            bucket = cells[cell] >> _COUNT_BITS
            fine[bucket] = 0
            coarse[bucket >> COARSE] = 0
