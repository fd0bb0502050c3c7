"""One partition in memory: what its sensors have sent, the open panes, and the windows that a watermark closes."""

from __future__ import annotations

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
from climb.systems.processor.engine.kernels import panes as kernels
from climb.systems.processor.engine.kernels import sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Partition", "Shape", "Taken"]

_GROWTH = 1.5  # of an array that is full


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
        self._sensors: Words = np.zeros((64, kernels.SENSOR_WORDS), np.int64)
        self._panes: Words = np.zeros((64, kernels.PANE_WORDS), np.int64)
        self._floats: Floats = self._panes.view(np.float64)
        self._cells: NDArray[np.int64] = np.zeros(1 << 10, np.int64)
        self._slots: NDArray[np.int32] = np.full(128, -1, np.int32)
        self._store = np.zeros(1 + sketch.ORDERS + 1, np.int64)
        self._state = np.zeros(kernels.STATE_WORDS, np.int64)
        self._state[kernels.CLOSED] = -1
        self._state[kernels.LOW] = NOTHING
        self._short = np.zeros(2, np.int64)
        self._taken = np.empty(0, READING)
        self._fine = np.zeros(sketch.BUCKETS, np.int64)
        self._coarse = np.zeros(sketch.BUCKETS >> sketch.COARSE, np.int64)

    # --- counts ------------------------------------------------------------------------------------------------------

    @property
    def accepted(self) -> int:
        """Readings that are in a window, of all time."""
        return int(self._state[kernels.ACCEPTED])

    @property
    def late(self) -> int:
        """Readings whose windows were all closed, of all time."""
        return int(self._state[kernels.LATE])

    @property
    def sensors(self) -> int:
        """Sensors of which a reading was taken."""
        return int(self._state[kernels.SENSORS])

    @property
    def open_panes(self) -> int:
        """Panes that are kept for windows that are not closed."""
        return int(self._state[kernels.FILLED])

    def high_seq(self, sensor: int) -> int:
        """Return the highest number taken of a sensor, or 0."""
        own = sensor // self.shape.workers
        return int(self._sensors[own, kernels.HIGH]) if own < len(self._sensors) else 0

    # --- readings ----------------------------------------------------------------------------------------------------

    def take(self, readings: Records, now: int, idle: int = NOTHING) -> Taken:
        """Take what is new of a batch of readings, all of them this partition's; the result is good until the next call.

        ``now`` and ``idle`` are real time, in one unit of the caller's.
        """
        state = self._state
        if len(self._taken) < len(readings):
            self._taken = np.empty(len(readings), READING)
        late, accepted, duplicates = self.late, self.accepted, int(state[kernels.DUPLICATES])
        state[kernels.TAKEN] = 0
        at = 0
        while True:
            at = self._take_from(readings, at, now, idle)
            if at == len(readings):
                break
            self._make_room()
        return Taken(
            self._taken[: int(state[kernels.TAKEN])],
            self.accepted - accepted,
            self.late - late,
            int(state[kernels.DUPLICATES]) - duplicates,
        )

    def _take_from(self, readings: Records, at: int, now: int, idle: int) -> int:
        return kernels.take_readings(
            words_of(readings), floats_of(readings), at, self.shape.workers, self.shape.slide_ms, now, idle,
            words_of(self._taken), self._sensors, self._panes, self._floats, self._slots, self._cells, self._store,
            self._state, self._short,
        )  # fmt: skip

    def _make_room(self) -> None:
        """Enlarge what the kernel was short of."""
        short, size = self._short.tolist()
        if short == kernels.SHORT_OF_SENSORS:
            self._sensors = _longer(self._sensors, size + 1)
        elif short == kernels.SHORT_OF_CELLS:
            self._cells = _longer(self._cells, len(self._cells) + (4 << max(size, sketch.SMALLEST_ORDER)))
        else:
            del self._floats
            self._panes = _longer(self._panes, len(self._panes) + 1)
            self._floats = self._panes.view(np.float64)
            if 2 * len(self._panes) > len(self._slots):
                self._slots = np.full(1 << (4 * len(self._panes) - 1).bit_length(), -1, np.int32)
                kernels.slot_panes(self._panes, self._slots, int(self._state[kernels.TOP]))

    # --- the watermark -----------------------------------------------------------------------------------------------

    def advance(self, watermark_ms: int) -> Records:
        """Let the watermark come so far, and return the windows that this closes, by start and id; it never goes back."""
        if self.watermark is not None and watermark_ms <= self.watermark:
            return no_windows()
        self.watermark = watermark_ms
        shape, state = self.shape, self._state
        first, last = int(state[kernels.CLOSED]) + 1, (watermark_ms - shape.window_ms) // shape.slide_ms
        if last < first:
            return no_windows()
        rows = self._panes_up_to(last + shape.span - 1)
        windows = self._windows(rows, first, last)
        state[kernels.CLOSED] = last
        kernels.remove_panes(rows, self._panes, self._slots, self._cells, self._store, state)
        return windows

    def _panes_up_to(self, last: int) -> NDArray[np.int64]:
        top = int(self._state[kernels.TOP])
        found = np.empty(top, np.int64)
        rows = found[: kernels.panes_up_to(self._panes, top, last, found)]
        return rows[np.lexsort((self._panes[rows, kernels.PANE], self._panes[rows, kernels.OWNER]))]

    def _windows(self, rows: NDArray[np.int64], first: int, last: int) -> Records:
        shape = self.shape
        windows = np.empty(kernels.count_windows(rows, self._panes, first, last, shape.span), WINDOW)
        kernels.close_windows(
            rows, self._panes, self._floats, self._cells, first, last, shape.span, shape.slide_ms, shape.worker,
            shape.workers, self._fine, self._coarse, words_of(windows), floats_of(windows),
        )  # fmt: skip
        return windows[np.lexsort((windows["sensor"], windows["start"]))]

    # --- clocks ------------------------------------------------------------------------------------------------------

    def clock_floor(self, now: int, idle: int) -> int | None:
        """Return the smallest clock of all sensors that are not idle."""
        return _clock(kernels.floor_of_clocks(self._sensors, now, idle, NOTHING))

    def cut_begin(self, now: int, idle: int) -> None:
        """Remember the floor of the clocks, as the beginning of a cut."""
        self._state[kernels.LOW] = kernels.floor_of_clocks(self._sensors, now, idle, NOTHING)

    def cut_end(self) -> int | None:
        """Return that floor, or a lower clock of a sensor that has appeared or woken up since."""
        return _clock(int(self._state[kernels.LOW]))


def _clock(floor: int) -> int | None:
    return None if floor == NOTHING else floor


def _longer(array: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Return an array with more rows, by moving its pages: a copy would need its memory twice for a moment.

    Nobody else may hold a view of the array.
    """
    rows = max(least, int(len(array) * _GROWTH))
    array.resize((rows, *array.shape[1:]), refcheck=False)
    return array
