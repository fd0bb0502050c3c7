"""One partition in memory: what its sensors have sent, the open panes, and the windows that a watermark closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from climb.systems.processor.engine.columns import (
    NOTHING,
    READING,
    WINDOW,
    Floats,
    Records,
    Words,
    floats_of,
    no_windows,
    words_of,
)
from climb.systems.processor.engine.kernels import rows as words, sketch
from climb.systems.processor.engine.kernels.adopting import adopt_panes, adopt_sensors
from climb.systems.processor.engine.kernels.panes import (
    SHORT_OF_CELLS,
    SHORT_OF_SENSORS,
    floor_of_clocks,
    take_readings,
)
from climb.systems.processor.engine.kernels.table import blocks_of, close_gaps, remove_panes, slot_panes
from climb.systems.processor.engine.kernels.windows import close_windows, count_windows, panes_up_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Partition", "Shape", "Taken"]

_GROWTH, _LARGE_GROWTH = 1.5, 1.125  # of an array that is full; what is not used of a large one would be much
_LARGE_BYTES = 32 << 20
_GAPS = 0.125  # of the memory of all blocks: panes leave smaller ones behind as they grow


@dataclass(frozen=True, slots=True)
class Shape:
    """The windows, and which of how many partitions this is: that of the sensors whose id leaves ``worker``."""

    window_ms: int
    slide_ms: int
    worker: int = 0
    workers: int = 1

    @property
    def span(self) -> int:
        """How many panes a window has."""
        return self.window_ms // self.slide_ms


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: the readings that were taken, for the log, and how many were what."""

    readings: Records
    accepted: int
    late: int
    duplicates: int


class Partition:
    """The state of the sensors of one partition; one thread at a time."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.watermark: int | None = None
        self._sensors: Words = np.zeros((64, words.SENSOR_WORDS), np.int64)
        self._panes: Words = np.zeros((64, words.PANE_WORDS), np.int64)
        self._floats: Floats = self._panes.view(np.float64)
        self._cells: NDArray[np.int64] = np.zeros(1 << 10, np.int64)
        self._slots: NDArray[np.int32] = np.full(128, -1, np.int32)
        self._store = np.zeros(1 + sketch.ORDERS + 1, np.int64)
        self._state = np.zeros(words.STATE_WORDS, np.int64)
        self._state[words.CLOSED] = -1
        self._short = np.zeros(2, np.int64)
        self._taken = np.empty(0, READING)
        self._fine = np.zeros(sketch.BUCKETS, np.int64)
        self._coarse = np.zeros(sketch.BUCKETS >> sketch.COARSE, np.int64)

    # --- counts ------------------------------------------------------------------------------------------------------

    @property
    def accepted(self) -> int:
        """Readings that are in a window, of all time."""
        return int(self._state[words.ACCEPTED])

    @property
    def late(self) -> int:
        """Readings whose windows were all closed, of all time."""
        return int(self._state[words.LATE])

    @property
    def sensors(self) -> int:
        """Sensors of which a reading was taken."""
        return int(self._state[words.SENSORS])

    @property
    def open_panes(self) -> int:
        """Panes that are kept for windows that are not closed."""
        return int(self._state[words.FILLED])

    def high_seq(self, sensor: int) -> int:
        """Return the highest number taken of a sensor, or 0."""
        own = sensor // self.shape.workers
        return int(self._sensors[own, words.HIGH]) if own < len(self._sensors) else 0

    # --- readings ----------------------------------------------------------------------------------------------------

    def take(self, readings: Records, now: int) -> Taken:
        """Take what is new of a batch of readings, all of them this partition's; the result is good until the next call.

        ``now`` is real time, in a unit of the caller's.
        """
        state = self._state
        if len(self._taken) < len(readings):
            self._taken = np.empty(len(readings), READING)
        late, accepted, duplicates = self.late, self.accepted, int(state[words.DUPLICATES])
        state[words.TAKEN] = 0
        at = 0
        while True:
            at = self._take_from(readings, at, now)
            if at == len(readings):
                break
            self._make_room()
        return Taken(
            self._taken[: int(state[words.TAKEN])],
            self.accepted - accepted,
            self.late - late,
            int(state[words.DUPLICATES]) - duplicates,
        )

    def _take_from(self, readings: Records, at: int, now: int) -> int:
        return take_readings(
            words_of(readings), floats_of(readings), at, self.shape.workers, self.shape.slide_ms, now,
            words_of(self._taken), self._sensors, self._panes, self._floats, self._slots, self._cells, self._store,
            self._state, self._short,
        )  # fmt: skip

    def _make_room(self) -> None:
        """Enlarge what the kernel was short of."""
        short, size = self._short.tolist()
        if short == SHORT_OF_SENSORS:
            self._sensors = _longer(self._sensors, size + 1)
        elif short == SHORT_OF_CELLS:
            self.make_room_for_cells(4 << max(size, sketch.SMALLEST_ORDER))
        else:
            del self._floats
            self._set_panes(_longer(self._panes, len(self._panes) + 1))

    def make_room_for_cells(self, more: int) -> None:
        """Close the gaps between blocks if they are a large part of all; else take more memory."""
        top, used = int(self._state[words.TOP]), int(self._store[0])
        found = np.empty(top, np.int64)
        rows = found[: blocks_of(self._panes, top, found)]
        if used - int((1 << self._panes[rows, words.ORDER]).sum()) > max(used * _GAPS, more):
            close_gaps(rows[np.argsort(self._panes[rows, words.BLOCK])], self._panes, self._cells, self._store)
        else:
            self._cells = _longer(self._cells, len(self._cells) + more)

    # --- the watermark -----------------------------------------------------------------------------------------------

    def advance(self, watermark_ms: int) -> Records:
        """Let the watermark come so far, and return the windows that this closes, by start and id; it never goes back."""
        if self.watermark is not None and watermark_ms <= self.watermark:
            return no_windows()
        self.watermark = watermark_ms
        shape, state = self.shape, self._state
        first, last = int(state[words.CLOSED]) + 1, (watermark_ms - shape.window_ms) // shape.slide_ms
        if last < first:
            return no_windows()
        rows = self._panes_up_to(last + shape.span - 1)
        windows = self._windows(rows, first, last)
        state[words.CLOSED] = last
        remove_panes(rows, self._panes, self._slots, self._cells, self._store, state)
        return windows

    def _panes_up_to(self, last: int) -> NDArray[np.int64]:
        top = int(self._state[words.TOP])
        found = np.empty(top, np.int64)
        rows = found[: panes_up_to(self._panes, top, last, found)]
        return rows[np.lexsort((self._panes[rows, words.PANE], self._panes[rows, words.OWNER]))]

    def _windows(self, rows: NDArray[np.int64], first: int, last: int) -> Records:
        shape = self.shape
        windows = np.empty(count_windows(rows, self._panes, first, last, shape.span), WINDOW)
        close_windows(
            rows, self._panes, self._floats, self._cells, first, last, shape.span, shape.slide_ms, shape.worker,
            shape.workers, self._fine, self._coarse, words_of(windows), floats_of(windows),
        )  # fmt: skip
        return windows[np.lexsort((windows["sensor"], windows["start"]))]

    # --- clocks ------------------------------------------------------------------------------------------------------

    def clock_floor(self, now: int, idle: int) -> int | None:
        """Return the smallest clock of all sensors that are not idle."""
        floor = floor_of_clocks(self._sensors, now, idle, NOTHING)
        return None if floor == NOTHING else floor

    def hear_of_all(self, now: int) -> None:
        """Have no sensor idle: of all something was heard now."""
        self._sensors[:, words.SEEN] = now

    def highs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the ids of all sensors of which a reading was taken, their highest numbers, and their clocks."""
        own = np.flatnonzero(self._sensors[:, words.HIGH])
        ids = own * self.shape.workers + self.shape.worker
        return ids, self._sensors[own, words.HIGH], self._sensors[own, words.CLOCK]

    # --- what a snapshot holds ---------------------------------------------------------------------------------------

    def parts(self) -> dict[str, NDArray[np.int64]]:
        """Return all that cannot be derived, as arrays that change when the partition does."""
        return {
            "state": self._state,
            "store": self._store,
            "sensors": self._sensors,
            "panes": self._panes[: int(self._state[words.TOP])],
            "cells": self._cells[: int(self._store[0])],
        }

    def restore(self, parts: dict[str, NDArray[np.int64]], watermark: int | None, now: int) -> None:
        """Become what ``parts`` were of; all sensors were heard of now."""
        self.watermark = watermark
        self._state, self._store = parts["state"], parts["store"]
        self._sensors = parts["sensors"]
        self._sensors[:, words.SEEN] = now
        self._slots = np.full(0, -1, np.int32)  # made anew for these panes
        self._set_panes(_longer(parts["panes"], 64))
        self._cells = _longer(parts["cells"], 1 << 10)

    def adopt(self, others: Sequence[Partition]) -> None:
        """Take over from partitions of another division what is ours in this one; all must have the same watermark."""
        shape, state = self.shape, self._state
        parts = [other.parts() for other in others]
        self.watermark = others[0].watermark
        state[words.CLOSED] = parts[0]["state"][words.CLOSED]
        most = max(len(part["sensors"]) for part in parts) * len(others)
        self._sensors = _longer(self._sensors, most // shape.workers + 1)
        self._set_panes(_longer(self._panes, sum(len(part["panes"]) for part in parts) + 1))
        self._cells = _longer(self._cells, sum(len(part["cells"]) for part in parts) + 1)
        for other, part in zip(others, parts, strict=True):
            theirs = (other.shape.worker, other.shape.workers, shape.worker, shape.workers)
            adopt_sensors(part["sensors"], *theirs, self._sensors, state)
            adopt_panes(
                part["panes"], len(part["panes"]), part["cells"], *theirs, self._panes, self._slots,
                self._cells, self._store, state,
            )  # fmt: skip
        if shape.worker == 0:  # counts of all time, which belong to nobody
            for word in (words.ACCEPTED, words.LATE):
                state[word] = sum(int(part["state"][word]) for part in parts)

    def _set_panes(self, panes: Words) -> None:
        self._panes = panes
        self._floats = panes.view(np.float64)
        if 2 * len(panes) > len(self._slots):
            self._slots = np.full(1 << (4 * len(panes) - 1).bit_length(), -1, np.int32)
            slot_panes(panes, self._slots, int(self._state[words.TOP]))


def _longer(array: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Return an array with more rows, by moving its pages: a copy would need its memory twice for a moment.

    Nobody else may hold a view of the array.
    """
    rows = max(least, int(len(array) * (_GROWTH if array.nbytes < _LARGE_BYTES else _LARGE_GROWTH)))
    array.resize((rows, *array.shape[1:]), refcheck=False)
    return array
