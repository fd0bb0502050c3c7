"""The names of sensors and their numbers: an open-addressing table of entries, the names themselves on a heap beside it."""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.progress import HEAP, NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HASH_PRIME", "HASH_START", "name_slots", "put_name", "slot_of"]

HASH_START = -3750763034362895579  # FNV-1a (Fowler, Noll, Vo; RFC 9923), in 64 bits
HASH_PRIME = 1099511628211


@kernel
def slot_of(
    buffer: NDArray[np.uint8],
    at: int,
    length: int,
    name_hash: int,
    slots: NDArray[np.int32],
    entries: NDArray[np.int64],
    heap: NDArray[np.uint8],
) -> int:
    """Return where a name is in the table, or the free place where it belongs; collisions go to the next place."""
    mask = len(slots) - 1
    slot = (name_hash ^ (name_hash >> 32)) & mask
    while slots[slot] >= 0:
        entry = slots[slot]
        if entries[entry, 0] == name_hash and entries[entry, 1] & 255 == length:
            start = entries[entry, 1] >> 8
            same = 0
            while same < length and heap[start + same] == buffer[at + same]:
                same += 1
            if same == length:
                return slot
        slot = (slot + 1) & mask
    return slot


@kernel
def put_name(
    buffer: NDArray[np.uint8],
    at: int,
    length: int,
    number: int,
    slots: NDArray[np.int32],
    entries: NDArray[np.int64],
    heap: NDArray[np.uint8],
    state: NDArray[np.int64],
) -> int:
    """Give a name its id and return the one that it had, or -1; there must be room."""
    name_hash = np.int64(HASH_START)
    for place in range(at, at + length):
        name_hash = (name_hash ^ np.int64(buffer[place])) * HASH_PRIME
    slot = slot_of(buffer, at, length, name_hash, slots, entries, heap)
    entry = np.int64(slots[slot])
    before = np.int64(-1)
    if entry >= 0:
        before = entries[entry, 2]
    else:
        entry = state[NAMES]
        slots[slot] = entry
        for place in range(length):
            heap[state[HEAP] + place] = buffer[at + place]
        entries[entry, 0] = name_hash
        entries[entry, 1] = state[HEAP] << 8 | length
        state[NAMES] += 1
        state[HEAP] += length
    if number >= 0:
        entries[entry, 2] = number
    return before


@kernel
def name_slots(slots: NDArray[np.int32], entries: NDArray[np.int64], names: int) -> None:
    """Fill a table that is empty with all names."""
    mask = len(slots) - 1
    for entry in range(names):
        slot = (entries[entry, 0] ^ (entries[entry, 0] >> 32)) & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = entry
