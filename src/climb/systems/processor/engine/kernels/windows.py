"""Panes into windows, which are closed: what their panes hold together, and percentiles of that."""

# mypy: disable-error-code="assignment,arg-type,return-value,no-any-return"
# (compiled, all integers are one type; numpy's and Python's are told apart only by the stubs)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.compiled import kernel
from climb.systems.processor.engine.kernels.rows import (
    BLOCK,
    COMPENSATION,
    COUNT,
    FIRST,
    LAST,
    MAX,
    MIN,
    NONE,
    ORDER,
    OWNER,
    PANE,
    SUM,
    UNUSED,
)
from climb.systems.processor.engine.kernels.sketch import COARSE, add_block, bucket_of, clear_block, value_at
from climb.systems.processor.engine.kernels.sums import LARGEST, finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["close_windows", "count_windows", "panes_up_to"]


@kernel
def panes_up_to(panes: NDArray[np.int64], top: int, last: int, rows: NDArray[np.int64]) -> int:
    """List the rows of all panes up to a number; return how many there are."""
    found = 0
    for row in range(top):
        pane = panes[row, PANE]
        if pane <= last and pane != UNUSED and panes[row, COUNT] > 0:
            rows[found] = row
            found += 1
    return found


@kernel
def count_windows(rows: NDArray[np.int64], panes: NDArray[np.int64], first: int, last: int, span: int) -> int:
    """Return how many windows from ``first`` to ``last`` have readings; rows are in order of sensor and pane."""
    windows = 0
    reached = first - 1  # windows of this sensor up to here are counted
    sensor = NONE
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
        after = finite(total + part)
        rounded = (total - after) + part if abs(total) >= abs(part) else (part - after) + total
        compensation = finite(finite(compensation + rounded) + floats[row, COMPENSATION])
        total = after
        smallest = min(smallest, floats[row, MIN])
        largest = max(largest, floats[row, MAX])
        first_ts = min(first_ts, panes[row, FIRST])
        last_ts = max(last_ts, panes[row, LAST])
    out[made, 2] = count
    values[made, 3] = finite(total + compensation)
    # divided first, the two do not overflow; of numbers so large that their sum did, a part may be missing
    mean = values[made, 3] / count if abs(values[made, 3]) < LARGEST else total / count + compensation / count
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
