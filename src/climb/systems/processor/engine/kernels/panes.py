"""Readings into panes, and panes into windows.

A pane is one slide of event time of one sensor. A window is the panes from its start on, as many as slides make a window, so
a reading is counted once however many windows it is in. A pane is kept until the last window that it is in is closed.

Panes are rows of one array, found by sensor and number through an open-addressing table of row numbers (linear probing;
removal moves later entries back instead of leaving marks: Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
A sensor remembers its last pane, where most readings go, and then the table is not asked.

No kernel allocates. If there is no room for a reading, it says what is short before it has changed anything for that
reading; the caller makes room and goes on at the same place.
"""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.sketch import (
    COARSE,
    NO_ROOM,
    SMALLEST_ORDER,
    add_block,
    bucket_of,
    clear_block,
    clear_store,
    count_in_block,
    give_block,
    move_block,
    take_block,
    value_at,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ACCEPTED",
    "CLOCK",
    "CLOSED",
    "DUPLICATES",
    "HIGH",
    "LATE",
    "ORDER",
    "PANE",
    "PANE_WORDS",
    "SEEN",
    "SENSORS",
    "SENSOR_WORDS",
    "SHORT_OF_CELLS",
    "SHORT_OF_PANES",
    "SHORT_OF_SENSORS",
    "STATE_WORDS",
    "TAKEN",
    "TOP",
    "adopt_panes",
    "adopt_sensors",
    "blocks_of",
    "close_gaps",
    "close_windows",
    "count_windows",
    "floor_of_clocks",
    "panes_up_to",
    "remove_panes",
    "slot_panes",
    "take_readings",
]

HIGH, CLOCK, SEEN, LAST_ROW = range(4)  # the words of a sensor
SENSOR_WORDS = 4
PANE, OWNER, COUNT, SUM, COMPENSATION, MIN, MAX, FIRST, LAST, BLOCK, ORDER, USED = range(12)  # the words of a pane
PANE_WORDS = 12
# The words of the state: what was counted, the last closed window's number, rows in use, the first free row plus 1, panes in
# the table, and readings taken by this call
ACCEPTED, LATE, DUPLICATES, SENSORS, CLOSED, TOP, FREE, FILLED, TAKEN = range(9)
STATE_WORDS = 9
DONE, SHORT_OF_SENSORS, SHORT_OF_PANES, SHORT_OF_CELLS = range(4)

_NONE = -1
_UNUSED = -(1 << 62)  # the pane number of a row that is free
_SENSOR = (1 << 32) - 1
_LARGEST = float(np.finfo(np.float64).max)


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
        row = sensors[sensor, LAST_ROW] if sensors[sensor, HIGH] > 0 else _NONE
        if row >= 0 and panes[row, OWNER] == sensor and panes[row, PANE] * slide <= ts < (panes[row, PANE] + 1) * slide:
            pane = panes[row, PANE]
        else:
            pane = ts // slide
            row = _NONE
        late = pane <= closed
        if not late:
            if row < 0:
                row = _row_of(sensor, pane, panes, slots, state)
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
    after = _finite(before + value)
    # what the addition rounded away (Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation, ZAMM 54, 1974)
    if abs(before) >= abs(value):
        floats[row, COMPENSATION] = _finite(floats[row, COMPENSATION] + ((before - after) + value))
    else:
        floats[row, COMPENSATION] = _finite(floats[row, COMPENSATION] + ((value - after) + before))
    floats[row, SUM] = after
    return True


@kernel
def _finite(number: float) -> float:
    """Return the nearest number that JSON can write: it has no infinity."""
    return min(max(number, -_LARGEST), _LARGEST)


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


# --- the table ------------------------------------------------------------------------------------------------------


@kernel
def _home(sensor: int, pane: int, mask: int) -> int:
    mixed = (sensor * 0x9E3779B1 + pane) * 0x2545F4914F6CDD1D
    return (mixed >> 32) & mask


@kernel
def _row_of(
    sensor: int, pane: int, panes: NDArray[np.int64], slots: NDArray[np.int32], state: NDArray[np.int64]
) -> int:
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
        if panes[row, PANE] != _UNUSED:
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
        slots[gap] = _NONE
        if panes[row, ORDER] > 0:
            give_block(panes[row, BLOCK], panes[row, ORDER], cells, store)
        panes[row, PANE] = _UNUSED
        panes[row, OWNER] = _NONE
        panes[row, BLOCK] = state[FREE]
        state[FREE] = row + 1
        state[FILLED] -= 1


@kernel
def blocks_of(panes: NDArray[np.int64], top: int, rows: NDArray[np.int64]) -> int:
    """List the rows that have a block; return how many there are."""
    found = 0
    for row in range(top):
        if panes[row, PANE] != _UNUSED and panes[row, ORDER] > 0:
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


# --- windows --------------------------------------------------------------------------------------------------------


@kernel
def panes_up_to(panes: NDArray[np.int64], top: int, last: int, rows: NDArray[np.int64]) -> int:
    """List the rows of all panes up to a number; return how many there are."""
    found = 0
    for row in range(top):
        pane = panes[row, PANE]
        if pane <= last and pane != _UNUSED and panes[row, COUNT] > 0:
            rows[found] = row
            found += 1
    return found


@kernel
def count_windows(rows: NDArray[np.int64], panes: NDArray[np.int64], first: int, last: int, span: int) -> int:
    """Return how many windows from ``first`` to ``last`` have readings; rows are in order of sensor and pane."""
    windows = 0
    reached = first - 1  # windows of this sensor up to here are counted
    sensor = _NONE
    for number in range(len(rows)):
        pane = panes[rows[number], PANE]
        if panes[rows[number], OWNER] != sensor:
            sensor = panes[rows[number], OWNER]
            reached = first - 1
        until = min(pane, last)
        windows += max(0, until - max(reached, pane - span))
        reached = max(reached, until)
    return windows


@kernel
def close_windows(
    rows: NDArray[np.int64],
    panes: NDArray[np.int64],
    floats: NDArray[np.float64],
    cells: NDArray[np.int64],
    first: int,
    last: int,
    span: int,
    slide: int,
    worker: int,
    workers: int,
    fine: NDArray[np.int64],
    coarse: NDArray[np.int64],
    out: NDArray[np.int64],
    values: NDArray[np.float64],
) -> None:
    """Write the windows from ``first`` to ``last``, by sensor; rows are in order of sensor and pane."""
    made = 0
    number = 0
    while number < len(rows):
        sensor = panes[rows[number], OWNER]
        end = number
        while end < len(rows) and panes[rows[end], OWNER] == sensor:
            end += 1
        low = number  # the first pane that the window may have
        window = first
        while low < end:
            window = max(window, panes[rows[low], PANE] - span + 1)
            if window > last:
                break
            high = low
            while high < end and panes[rows[high], PANE] < window + span:
                high += 1
            out[made, 0] = sensor * workers + worker
            out[made, 1] = window * slide
            _merge(rows, low, high, panes, floats, cells, fine, coarse, out, values, made)
            made += 1
            window += 1
            while low < end and panes[rows[low], PANE] < window:
                low += 1
        number = end


@kernel
def _merge(
    rows: NDArray[np.int64],
    low: int,
    high: int,
    panes: NDArray[np.int64],
    floats: NDArray[np.float64],
    cells: NDArray[np.int64],
    fine: NDArray[np.int64],
    coarse: NDArray[np.int64],
    out: NDArray[np.int64],
    values: NDArray[np.float64],
    made: int,
) -> None:
    """Write what the panes of one window hold together."""
    count = np.int64(0)
    total = compensation = 0.0
    smallest, largest = np.inf, -np.inf
    first_ts, last_ts = panes[rows[low], FIRST], panes[rows[low], LAST]
    for number in range(low, high):
        row = rows[number]
        count += panes[row, COUNT]
        part = floats[row, SUM]
        after = _finite(total + part)
        rounded = (total - after) + part if abs(total) >= abs(part) else (part - after) + total
        compensation = _finite(_finite(compensation + rounded) + floats[row, COMPENSATION])
        total = after
        smallest = min(smallest, floats[row, MIN])
        largest = max(largest, floats[row, MAX])
        first_ts = min(first_ts, panes[row, FIRST])
        last_ts = max(last_ts, panes[row, LAST])
    out[made, 2] = count
    values[made, 3] = _finite(total + compensation)
    # divided first, the two do not overflow; of numbers so large that their sum did, a part may be missing
    mean = values[made, 3] / count if abs(values[made, 3]) < _LARGEST else total / count + compensation / count
    values[made, 4] = min(max(mean, smallest), largest)
    values[made, 5] = smallest
    values[made, 6] = largest
    out[made, 10] = first_ts
    out[made, 11] = last_ts
    for place in range(7, 10):
        values[made, place] = smallest
    if smallest == largest:  # as in every window of one reading, of which there may be very many
        return
    for number in range(low, high):
        add_block(panes[rows[number], BLOCK], panes[rows[number], ORDER], cells, fine, coarse)
    for place in range(3):
        percent = 50 if place == 0 else 95 if place == 1 else 99
        rank = (count * percent + 99) // 100  # the smallest whole number not below the product
        values[made, 7 + place] = min(max(_value_of_rank(rank, smallest, fine, coarse), smallest), largest)
    for number in range(low, high):
        clear_block(panes[rows[number], BLOCK], panes[rows[number], ORDER], cells, fine, coarse)


@kernel
def _value_of_rank(rank: int, smallest: float, fine: NDArray[np.int64], coarse: NDArray[np.int64]) -> float:
    before = np.int64(0)
    group = bucket_of(smallest) >> COARSE
    while before + coarse[group] < rank:
        before += coarse[group]
        group += 1
    bucket = group << COARSE
    while before + fine[bucket] < rank:
        before += fine[bucket]
        bucket += 1
    return value_at(bucket)


# --- from another partition, when the number of workers has changed -------------------------------------------------


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
            sensors[sensor, LAST_ROW] = _NONE
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
        if others[place, PANE] == _UNUSED or others[place, COUNT] == 0 or number % workers != worker:
            continue
        row = _row_of(number // workers, others[place, PANE], panes, slots, state)
        for word in range(COUNT, PANE_WORDS):
            panes[row, word] = others[place, word]
        order = others[place, ORDER]
        block = take_block(order, cells, store)
        panes[row, BLOCK] = block
        for cell in range(1 << order):
            cells[block + cell] = other_cells[others[place, BLOCK] + cell]


# --- clocks ---------------------------------------------------------------------------------------------------------


@kernel
def floor_of_clocks(sensors: NDArray[np.int64], now: int, idle: int, nothing: int) -> int:
    """Return the smallest clock of all sensors that are not idle, or ``nothing``."""
    floor = nothing
    for sensor in range(len(sensors)):
        if sensors[sensor, HIGH] > 0 and now - sensors[sensor, SEEN] < idle:
            floor = min(floor, sensors[sensor, CLOCK])
    return floor
