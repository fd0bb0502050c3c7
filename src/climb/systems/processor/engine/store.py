"""A partition that survives: in memory, with its log and its snapshots in a folder.

Rules. What was taken and which watermarks came in between stand in the log in the order in which they happened, so reading
it again makes the same decisions. Nobody is told of anything before the commit that holds it: no sender that its readings
are safe, and not the parent that windows are closed. Windows are kept until the parent says that it has published them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from climb.systems.processor.engine import snapshot
from climb.systems.processor.engine.columns import READING, WINDOW, Records, no_windows
from climb.systems.processor.engine.errors import ShapeError
from climb.systems.processor.engine.log import ADVANCE, READINGS, Frame, Log
from climb.systems.processor.engine.partition import Partition, Shape, Taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Committed", "PartitionStore"]

_LOG_BYTES = 64 << 20  # since the last snapshot: recovery reads at most about that much
_AT_ONCE = 1 << 20  # bytes of readings that are taken together in recovery


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit made safe: the last watermark in it, if there is one, and the windows that may be published now."""

    watermark: int | None
    windows: Records


class PartitionStore:
    """Takes readings and watermarks in one thread; ``commit`` may run in another one."""

    def __init__(self, folder: Path, partition: Partition, log: Log) -> None:
        self.partition = partition
        self._folder = folder
        self._log = log
        self._closed: list[tuple[int, Records]] = []  # by advances that no commit has begun to make safe
        self._unpublished: list[Records] = []
        self._lock = threading.Lock()  # of these lists

    @classmethod
    def open(cls, folder: Path, shape: Shape, *, durable: bool = True, now_ns: int = 0) -> PartitionStore:
        """Recover what the folder holds, or begin in an empty one; all sensors were heard of now."""
        store = cls(folder, Partition(shape), Log(folder, durable=durable))
        found = snapshot.newest(folder)
        if found:
            contents, parts = found
            if (contents.window_ms, contents.slide_ms) != (shape.window_ms, shape.slide_ms):
                raise ShapeError(f"{folder}: written with windows of {contents.window_ms}/{contents.slide_ms} ms")
            store._keep(_windows(parts.pop("unpublished")))
            store.partition.restore(parts, contents.watermark, now_ns)
        store._replay(store._log.frames(found[0].frame if found else 0), now_ns)
        return store

    # --- the partition -----------------------------------------------------------------------------------------------

    @property
    def watermark(self) -> int | None:
        return self.partition.watermark

    @property
    def accepted(self) -> int:
        return self.partition.accepted

    @property
    def late(self) -> int:
        return self.partition.late

    @property
    def sensors(self) -> int:
        return self.partition.sensors

    def high_seq(self, sensor: int) -> int:
        """Return the highest number taken of a sensor, or 0."""
        return self.partition.high_seq(sensor)

    def highs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return ids, highest numbers and clocks of all sensors."""
        return self.partition.highs()

    def clock_floor(self, now_ns: int, idle_ns: int) -> int | None:
        """Return the smallest clock of all sensors that are not idle."""
        return self.partition.clock_floor(now_ns, idle_ns)

    # --- what happens ------------------------------------------------------------------------------------------------

    def take(self, readings: Records, now_ns: int) -> Taken:
        """Take what is new of a batch, and append it to the log; it is safe after the next commit."""
        taken = self.partition.take(readings, now_ns)
        if len(taken.readings):
            self._log.append(READINGS, taken.readings.tobytes())
        return taken

    def advance(self, watermark_ms: int) -> None:
        """Let the watermark come so far; the windows that this closes come with the next commit."""
        if self.watermark is not None and watermark_ms <= self.watermark:
            return
        windows = self.partition.advance(watermark_ms)
        self._log.append(ADVANCE, watermark_ms.to_bytes(8, "little", signed=True))
        self._keep(windows)
        with self._lock:
            self._closed.append((watermark_ms, windows))

    def commit(self) -> Committed:
        """Make all safe that happened before this call."""
        with self._lock:
            closed, self._closed = self._closed, []  # their advances are in the log by now
        self._log.commit()
        windows = np.concatenate([no_windows(), *(windows for _, windows in closed)])
        return Committed(closed[-1][0] if closed else None, windows)

    @property
    def has_advanced(self) -> bool:
        """Tell whether there are advances that no commit has begun to make safe."""
        return bool(self._closed)

    # --- windows -----------------------------------------------------------------------------------------------------

    def published(self, up_to_ms: int) -> None:
        """Forget windows that end up to a watermark: the parent has them on the disk."""
        length = self.partition.shape.window_ms
        with self._lock:
            left = [windows[windows["start"] + length > up_to_ms] for windows in self._unpublished]
            self._unpublished = [windows for windows in left if len(windows)]

    def unpublished(self) -> Records:
        """Return all windows that are closed and not known to be published."""
        with self._lock:
            return np.concatenate([no_windows(), *self._unpublished])

    def _keep(self, windows: Records) -> None:
        if len(windows):
            with self._lock:
                self._unpublished.append(windows)

    # --- snapshots ---------------------------------------------------------------------------------------------------

    @property
    def snapshot_due(self) -> bool:
        """Tell whether recovery would read more log than is worth keeping."""
        return self._log.size > max(_LOG_BYTES, sum(part.nbytes for part in self.partition.parts().values()))

    def snapshot(self) -> Callable[[], None]:
        """Copy the state, and return what brings it to the disk, for another thread; one at a time."""
        frame = self._log.begin_segment()
        self._log.size = 0
        written = snapshot.Snapshot(self._folder, frame)
        shape = self.partition.shape
        unpublished = self.unpublished().view(np.int64)
        written.begin(
            {**self.partition.parts(), "unpublished": unpublished}, self.watermark, shape.window_ms, shape.slide_ms
        )

        def finish() -> None:
            written.finish()
            self._log.forget(frame)

        return finish

    def close(self) -> None:
        """Commit what is left, and close the log."""
        self._log.commit()
        self._log.close()

    # --- recovery ----------------------------------------------------------------------------------------------------

    def _replay(self, frames: Iterator[Frame], now_ns: int) -> None:
        """Do again what the log says; the readings of many small frames are taken together, which is much faster."""
        pending = bytearray()
        for frame in frames:
            if frame.kind == READINGS:
                pending += frame.content
                if len(pending) < _AT_ONCE:
                    continue
            self._take_again(pending, now_ns)
            pending = bytearray()
            if frame.kind == ADVANCE:
                self._keep(self.partition.advance(int.from_bytes(frame.content, "little", signed=True)))
        self._take_again(pending, now_ns)

    def _take_again(self, pending: bytearray, now_ns: int) -> None:
        if pending:
            self.partition.take(np.frombuffer(pending, READING), now_ns)


def _windows(words: Any) -> Records:
    windows: Records = words.view(WINDOW)
    return windows
