"""Sensors and panes from another partition, when the number of workers has changed."""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.rows import (
    BLOCK,
    COUNT,
    HIGH,
    LAST_ROW,
    NONE,
    ORDER,
    OWNER,
    PANE,
    PANE_WORDS,
    SENSOR_WORDS,
    SENSORS,
    UNUSED,
)
from climb.systems.processor.engine.kernels.sketch import take_block
from climb.systems.processor.engine.kernels.table import row_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["adopt_panes", "adopt_sensors"]


@kernel
def adopt_sensors(
    others: NDArray[np.int64],
    other: int,
    other_workers: int,
    worker: int,
    workers: int,
    sensors: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Take over the sensors that are ours now; there must be room."""
    for place in range(len(others)):
        number = place * other_workers + other
        if others[place, HIGH] > 0 and number % workers == worker:
            sensor = number // workers
            for word in range(SENSOR_WORDS):
                sensors[sensor, word] = others[place, word]
            sensors[sensor, LAST_ROW] = NONE
            state[SENSORS] += 1


@kernel
def adopt_panes(
    others: NDArray[np.int64],
    top: int,
    other_cells: NDArray[np.int64],
    other: int,
    other_workers: int,
    worker: int,
    workers: int,
    panes: NDArray[np.int64],
    slots: NDArray[np.int32],
    cells: NDArray[np.int64],
    store: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Take over the panes of the sensors that are ours now; there must be room."""
    for place in range(top):
        number = others[place, OWNER] * other_workers + other
        if others[place, PANE] == UNUSED or others[place, COUNT] == 0 or number % workers != worker:
            continue
        row = row_of(number // workers, others[place, PANE], panes, slots, state)
        for word in range(COUNT, PANE_WORDS):
            panes[row, word] = others[place, word]
        order = others[place, ORDER]
        block = take_block(order, cells, store)
        panes[row, BLOCK] = block
        for cell in range(1 << order):
            cells[block + cell] = other_cells[others[place, BLOCK] + cell]
