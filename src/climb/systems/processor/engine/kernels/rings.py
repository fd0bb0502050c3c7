"""A ring of records in shared memory, and dealing readings out to their owners.

One process writes and one reads. Each has a position that only it changes, on a line of the processor's cache of its own; the
other side looks at it. A record must be visible before the position that includes it, and be read before the position that
frees its place: a fence stands between the two, since processors other than x86 may reorder stores (Lamport, Specifying
Concurrent Program Modules, TOPLAS 5(2), 1983, has the queue; McKenney, Is Parallel Programming Hard, chapter 15, the fences).
"""

# mypy: disable-error-code="no-any-return"
# (compiled, all integers are one type)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from climb.systems.processor.engine.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COMMITTED", "HEAD_WORDS", "TAKEN", "WRITTEN", "deal_out", "get", "highest", "put", "set_position"]

WRITTEN, TAKEN, COMMITTED = 0, 16, 32  # words apart by two lines of the cache, which are often fetched together
HEAD_WORDS = 48
_SENSOR = (1 << 32) - 1


def _fence_of(_context: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


_fence: Any = intrinsic(_fence_of)


@kernel
def put(readings: NDArray[np.int64], head: NDArray[np.int64], places: NDArray[np.int64]) -> int:
    """Write as many readings as there is room for; return how many."""
    mask = len(places) - 1
    written = head[WRITTEN]
    room = len(places) - (written - head[TAKEN])
    _fence()
    many = min(room, len(readings))
    for number in range(many):
        for word in range(4):
            places[(written + number) & mask, word] = readings[number, word]
    _fence()
    head[WRITTEN] = written + many
    return many


@kernel
def get(head: NDArray[np.int64], places: NDArray[np.int64]) -> int:
    """Return how many readings can be read in one piece; what they are is visible then."""
    taken = head[TAKEN]
    many = min(head[WRITTEN] - taken, len(places) - (taken & (len(places) - 1)))
    _fence()
    return many


@kernel
def set_position(head: NDArray[np.int64], word: int, position: int) -> None:
    """Change one of the positions, after all that was done before."""
    _fence()
    head[word] = position


@kernel
def deal_out(readings: NDArray[np.int64], workers: int, bounds: NDArray[np.int64], out: NDArray[np.int64]) -> None:
    """Sort readings by owner, otherwise in their order; ``bounds`` says where each owner's part begins and ends."""
    for owner in range(workers + 1):
        bounds[owner] = 0
    for number in range(len(readings)):
        bounds[(readings[number, 0] & _SENSOR) % workers + 1] += 1
    for owner in range(workers):
        bounds[owner + 1] += bounds[owner]
    for number in range(len(readings)):
        owner = (readings[number, 0] & _SENSOR) % workers
        place = bounds[owner]
        for word in range(4):
            out[place, word] = readings[number, word]
        bounds[owner] += 1
    for owner in range(workers, 0, -1):
        bounds[owner] = bounds[owner - 1]
    bounds[0] = 0


@kernel
def highest(readings: NDArray[np.int64], slots: NDArray[np.int32], out: NDArray[np.int64]) -> int:
    """Collect the highest number of each sensor of each connection; ``slots`` is empty and has room for twice as many."""
    mask = len(slots) - 1
    found = 0
    for number in range(len(readings)):
        who = readings[number, 0]
        slot = ((who * 0x2545F4914F6CDD1D) >> 32) & mask
        while slots[slot] >= 0 and out[slots[slot], 0] != who:
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = found
            out[found, 0] = who
            out[found, 1] = readings[number, 1]
            found += 1
        elif readings[number, 1] > out[slots[slot], 1]:
            out[slots[slot], 1] = readings[number, 1]
    return found
