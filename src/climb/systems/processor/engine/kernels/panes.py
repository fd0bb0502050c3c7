"""Readings into panes.

A pane is one slide of event time of one sensor. A window is the panes from its start on, as many as slides make a window, so
a reading is counted once however many windows it is in. A pane is kept until the last window that it is in is closed.

Panes are rows of one array (``table.py``). A sensor remembers its last pane, where most readings go, and then the table is not asked.

No kernel allocates. If there is no room for a reading, it says what is short before it has changed anything for that
reading; the caller makes room and goes on at the same place.
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.rows import (
    ACCEPTED,
    BLOCK,
    CLOCK,
    CLOSED,
    COMPENSATION,
    COUNT,
    DUPLICATES,
    FIRST,
    HIGH,
    LAST,
    LAST_ROW,
    LATE,
    MAX,
    MIN,
    NONE,
    ORDER,
    OWNER,
    PANE,
    SEEN,
    SENSORS,
    SUM,
    TAKEN,
    USED,
)
from climb.systems.processor.engine.kernels.sketch import (
    NO_ROOM,
    SMALLEST_ORDER,
    bucket_of,
    count_in_block,
    give_block,
    move_block,
    take_block,
)
from climb.systems.processor.engine.kernels.sums import finite
from climb.systems.processor.engine.kernels.table import row_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DONE", "SHORT_OF_CELLS", "SHORT_OF_PANES", "SHORT_OF_SENSORS", "floor_of_clocks", "take_readings"]

DONE, SHORT_OF_SENSORS, SHORT_OF_PANES, SHORT_OF_CELLS = range(4)

_SENSOR = (1 << 32) - 1


@kernel
def take_readings(
    readings: NDArray[np.int64],
    values: NDArray[np.float64],
    begin: int,
    workers: int,
    slide: int,
    now: int,
    taken: NDArray[np.int64],
    sensors: NDArray[np.int64],
    panes: NDArray[np.int64],
    floats: NDArray[np.float64],
    slots: NDArray[np.int32],
    cells: NDArray[np.int64],
    store: NDArray[np.int64],
    state: NDArray[np.int64],
    short: NDArray[np.int64],
) -> int:
    """Take readings from one place on; return how far that went, with what is short in ``short``, and copy what was taken."""
    out = state[TAKEN]
    short[0] = DONE
    closed = state[CLOSED]
    for number in range(begin, len(readings)):
        sensor = (readings[number, 0] & _SENSOR) // workers
        seq = readings[number, 1]
        ts = readings[number, 2]
        if sensor >= len(sensors):
            short[0] = SHORT_OF_SENSORS
            short[1] = sensor
            state[TAKEN] = out
            return number
        if seq <= sensors[sensor, HIGH]:
            state[DUPLICATES] += 1
            continue
        row = sensors[sensor, LAST_ROW] if sensors[sensor, HIGH] > 0 else NONE
        if row >= 0 and panes[row, OWNER] == sensor and panes[row, PANE] * slide <= ts < (panes[row, PANE] + 1) * slide:
            pane = panes[row, PANE]
        else:
            pane = ts // slide
            row = NONE
        late = pane <= closed
        if not late:
            if row < 0:
                row = row_of(sensor, pane, panes, slots, state)
            if row < 0:
                short[0] = SHORT_OF_PANES
                state[TAKEN] = out
                return number
            value = values[number, 3]
            if not _put(row, value, ts, panes, floats, cells, store):
                short[0] = SHORT_OF_CELLS
                short[1] = panes[row, ORDER]
                state[TAKEN] = out
                return number
            state[ACCEPTED] += 1
        else:
            state[LATE] += 1
        if sensors[sensor, HIGH] == 0:
            state[SENSORS] += 1
            sensors[sensor, CLOCK] = ts
            sensors[sensor, LAST_ROW] = row
        else:
            sensors[sensor, CLOCK] = max(sensors[sensor, CLOCK], ts)
            if not late:
                sensors[sensor, LAST_ROW] = row
        sensors[sensor, HIGH] = seq
        sensors[sensor, SEEN] = now
        taken[out, 0] = readings[number, 0] & _SENSOR
        taken[out, 1] = seq
        taken[out, 2] = ts
        taken[out, 3] = readings[number, 3]
        out += 1
    state[TAKEN] = out
    return len(readings)


@kernel
def _put(
    row: int,
    value: float,
    ts: int,
    panes: NDArray[np.int64],
    floats: NDArray[np.float64],
    cells: NDArray[np.int64],
    store: NDArray[np.int64],
) -> bool:
    """Count a value in a pane, unless there is no room for its bucket."""
    order = panes[row, ORDER]
    full = order == 0 or panes[row, USED] * 4 >= 3 << order  # a quarter stays free, so that searches are short
    if full and not _grow(row, panes, cells, store):
        return False
    panes[row, USED] += count_in_block(bucket_of(value), 1, panes[row, BLOCK], panes[row, ORDER], cells)
    if panes[row, COUNT] == 0:
        floats[row, MIN] = value
        floats[row, MAX] = value
        panes[row, FIRST] = ts
        panes[row, LAST] = ts
    else:
        floats[row, MIN] = min(floats[row, MIN], value)
        floats[row, MAX] = max(floats[row, MAX], value)
        panes[row, FIRST] = min(panes[row, FIRST], ts)
        panes[row, LAST] = max(panes[row, LAST], ts)
    panes[row, COUNT] += 1
    before = floats[row, SUM]
    after = finite(before + value)
    # what the addition rounded away (Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation, ZAMM 54, 1974)
    if abs(before) >= abs(value):
        floats[row, COMPENSATION] = finite(floats[row, COMPENSATION] + ((before - after) + value))
    else:
        floats[row, COMPENSATION] = finite(floats[row, COMPENSATION] + ((value - after) + before))
    floats[row, SUM] = after
    return True


@kernel
def _grow(row: int, panes: NDArray[np.int64], cells: NDArray[np.int64], store: NDArray[np.int64]) -> bool:
    order = panes[row, ORDER]
    larger = order + 1 if order > 0 else SMALLEST_ORDER
    place = take_block(larger, cells, store)
    if place == NO_ROOM:
        return False
    if order > 0:
        move_block(panes[row, BLOCK], order, place, larger, cells)
        give_block(panes[row, BLOCK], order, cells, store)
    panes[row, BLOCK] = place
    panes[row, ORDER] = larger
    return True


@kernel
def floor_of_clocks(sensors: NDArray[np.int64], now: int, idle: int, nothing: int) -> int:
    """Return the smallest clock of all sensors that are not idle, or ``nothing``."""
    floor = nothing
    for sensor in range(len(sensors)):
        if sensors[sensor, HIGH] > 0 and now - sensors[sensor, SEEN] < idle:
            floor = min(floor, sensors[sensor, CLOCK])
    return floor
