"""Where a pane is: rows of one array, found by sensor and number through an open-addressing table of row numbers.

Linear probing; removal moves later entries back instead of leaving marks (Knuth, The Art of Computer Programming 3, section
6.4, algorithm R).
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.rows import (
    BLOCK,
    CLOSED,
    FILLED,
    FREE,
    NONE,
    ORDER,
    OWNER,
    PANE,
    PANE_WORDS,
    TOP,
    UNUSED,
)
from climb.systems.processor.engine.kernels.sketch import clear_store, give_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["blocks_of", "close_gaps", "remove_panes", "row_of", "slot_panes"]


@kernel
def _home(sensor: int, pane: int, mask: int) -> int:
    mixed = (sensor * 0x9E3779B1 + pane) * 0x2545F4914F6CDD1D
    return (mixed >> 32) & mask


@kernel
def row_of(sensor: int, pane: int, panes: NDArray[np.int64], slots: NDArray[np.int32], state: NDArray[np.int64]) -> int:
    """Return the row of a pane, a new one if there is none yet, or -1 if there is no room."""
    mask = len(slots) - 1
    slot = _home(sensor, pane, mask)
    while slots[slot] >= 0:
        row = np.int64(slots[slot])
        if panes[row, PANE] == pane and panes[row, OWNER] == sensor:
            return row
        slot = (slot + 1) & mask
    if state[FREE] > 0:
        row = state[FREE] - 1
        state[FREE] = panes[row, BLOCK]
    elif state[TOP] < len(panes):
        row = state[TOP]
        state[TOP] += 1
    else:
        return -1
    for word in range(PANE_WORDS):
        panes[row, word] = 0  # the bits of 0.0 too
    panes[row, PANE] = pane
    panes[row, OWNER] = sensor
    slots[slot] = row
    state[FILLED] += 1
    return row


@kernel
def slot_panes(panes: NDArray[np.int64], slots: NDArray[np.int32], top: int) -> None:
    """Fill a table that is empty with all panes."""
    mask = len(slots) - 1
    for row in range(top):
        if panes[row, PANE] != UNUSED:
            slot = _home(panes[row, OWNER], panes[row, PANE], mask)
            while slots[slot] >= 0:
                slot = (slot + 1) & mask
            slots[slot] = row


@kernel
def remove_panes(
    rows: NDArray[np.int64],
    panes: NDArray[np.int64],
    slots: NDArray[np.int32],
    cells: NDArray[np.int64],
    store: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Forget panes that no open window needs."""
    mask = len(slots) - 1
    for number in range(len(rows)):
        row = rows[number]
        if panes[row, PANE] > state[CLOSED]:
            continue
        slot = _home(panes[row, OWNER], panes[row, PANE], mask)
        while slots[slot] != row:
            slot = (slot + 1) & mask
        gap = slot
        while True:
            slot = (slot + 1) & mask
            if slots[slot] < 0:
                break
            other = np.int64(slots[slot])
            home = _home(panes[other, OWNER], panes[other, PANE], mask)
            if (slot - home) & mask >= (slot - gap) & mask:
                slots[gap] = other
                gap = slot
        slots[gap] = NONE
        if panes[row, ORDER] > 0:
            give_block(panes[row, BLOCK], panes[row, ORDER], cells, store)
        panes[row, PANE] = UNUSED
        panes[row, OWNER] = NONE
        panes[row, BLOCK] = state[FREE]
        state[FREE] = row + 1
        state[FILLED] -= 1


@kernel
def blocks_of(panes: NDArray[np.int64], top: int, rows: NDArray[np.int64]) -> int:
    """List the rows that have a block; return how many there are."""
    found = 0
    for row in range(top):
        if panes[row, PANE] != UNUSED and panes[row, ORDER] > 0:
            rows[found] = row
            found += 1
    return found


@kernel
def close_gaps(
    rows: NDArray[np.int64], panes: NDArray[np.int64], cells: NDArray[np.int64], store: NDArray[np.int64]
) -> None:
    """Move all blocks down, over the free ones; rows are in order of their blocks."""
    place = np.int64(0)
    for number in range(len(rows)):
        row = rows[number]
        block = panes[row, BLOCK]
        size = np.int64(1) << panes[row, ORDER]
        if block != place:
            for cell in range(size):
                cells[place + cell] = cells[block + cell]
            panes[row, BLOCK] = place
        place += size
    clear_store(place, cells, store)
