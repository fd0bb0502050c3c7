"""Closed windows, in a file that only grows: fixed-size records, read with ``pread``, so that memory does not grow with it.

A frame is the windows that closed together, in order, and behind them a record that says how many, up to which watermark,
and a checksum. A frame is written at once and synced before it is shown, so only the last one can be torn by a crash; then
it was never shown, and is cut off. A cursor is the number of a record.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from climb.systems.processor.engine.columns import WINDOW

__all__ = ["Results"]

_END = 0xFFFF_FFFF  # in place of a sensor: the record behind a frame
_CHUNK = 4096  # records read at once


class Results:
    """All windows that were ever shown."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._sync = os.fdatasync if durable else _leave
        self.end = 0  # records, those behind frames included: the cursor of what comes next
        self.windows = 0
        self.published: int | None = None  # the watermark up to which all windows are here
        self._recover()

    def append(self, watermark: int, windows: np.ndarray[Any, Any]) -> tuple[int, int, int]:
        """Write a frame and sync it; :meth:`show` what comes back."""
        frame = np.zeros(len(windows) + 1, WINDOW)
        frame[:-1] = windows
        total = self.windows + len(windows)
        last = frame[-1]
        last["sensor"], last["count"], last["first_ts"] = _END, len(windows), watermark
        last["start"] = windows["start"][-1] if len(windows) else self._last_start()
        last["sum"] = total
        last["last_ts"] = zlib.crc32(frame[:-1].tobytes())
        _write_all(self._file, frame.tobytes(), self.end * WINDOW.itemsize)
        self._sync(self._file)
        return self.end + len(frame), total, watermark

    def show(self, end: int, windows: int, published: int) -> None:
        """Let readers see what :meth:`append` wrote."""
        self.end, self.windows, self.published = end, windows, published

    def first_from(self, start: int) -> int:
        """Return the cursor of the first window that starts there or later."""
        low, high = 0, self.end
        while low < high:
            middle = (low + high) // 2
            if int(self._read(middle, 1)["start"][0]) < start:
                low = middle + 1
            else:
                high = middle
        return low

    def chunks(self, cursor: int) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
        """Give records from a cursor on, a chunk at a time, each with its cursor; see :func:`shown`."""
        while cursor < self.end:
            records = self._read(cursor, min(_CHUNK, self.end - cursor))
            yield cursor, records
            cursor += len(records)

    def close(self) -> None:
        os.close(self._file)

    @staticmethod
    def shown(records: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return which of the records are windows."""
        return np.asarray(records["sensor"] != _END)

    def _read(self, cursor: int, count: int) -> np.ndarray[Any, Any]:
        data = os.pread(self._file, count * WINDOW.itemsize, cursor * WINDOW.itemsize)
        return np.frombuffer(data, WINDOW)

    def _last_start(self) -> int:
        return int(self._read(self.end - 1, 1)["start"][0]) if self.end else 0

    def _recover(self) -> None:
        """Find the last whole frame, and cut off what is behind it."""
        size = os.fstat(self._file).st_size
        records = size // WINDOW.itemsize
        behind = records
        while behind:
            first = max(0, behind - _CHUNK)
            chunk = self._read(first, behind - first)
            for at in np.flatnonzero(chunk["sensor"] == _END)[::-1].tolist():
                if self._is_whole(first + at, chunk[at]):
                    last = chunk[at]
                    self.show(first + at + 1, int(last["sum"]), int(last["first_ts"]))
                    behind = 0
                    break
            else:
                behind = first
        os.ftruncate(self._file, self.end * WINDOW.itemsize)

    def _is_whole(self, at: int, last: Any) -> bool:
        count = int(last["count"])
        if not 0 <= count <= at:
            return False
        return zlib.crc32(self._read(at - count, count).tobytes()) == int(last["last_ts"])


def _write_all(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(file, view, offset)
        view, offset = view[count:], offset + count


def _leave(_: int) -> None:
    """Not durable: the kernel writes when it likes to."""
