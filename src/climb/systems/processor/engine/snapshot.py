"""Snapshots: the state of a partition in a file of its own, whole or not there.

``begin`` copies the arrays into the kernel's page cache, which is all that the owner of the arrays waits for and which needs
no second copy in this process. What takes long, the checksum and the disk, is done by ``finish``, in any thread. A file gets
its name when all of it is on the disk, so a crash leaves the one before.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from climb.systems.processor.engine.errors import LogError
from climb.systems.processor.engine.log import sync_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Contents", "Snapshot", "newest"]

_PIECE = 1 << 20


class Contents(msgspec.Struct, frozen=True):
    """What a snapshot says about itself: the first frame of the log that is not in it, and what arrays follow."""

    frame: int
    watermark: int | None
    window_ms: int
    slide_ms: int
    arrays: dict[str, list[int]]


class Snapshot:
    """A snapshot that is being written."""

    def __init__(self, folder: Path, frame: int) -> None:
        self._folder = folder
        self._frame = frame
        self._path = folder / "snapshot.tmp"
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)

    def begin(self, parts: dict[str, NDArray[np.int64]], watermark: int | None, window_ms: int, slide_ms: int) -> None:
        """Copy arrays of words; they may change afterwards."""
        shapes = {name: list(part.shape) for name, part in parts.items()}
        head = msgspec.json.encode(Contents(self._frame, watermark, window_ms, slide_ms, shapes))
        self._write(len(head).to_bytes(8, "little") + head)
        for part in parts.values():
            if part.size:
                self._write(np.ascontiguousarray(part).data.cast("B"))

    def finish(self) -> None:
        """Bring it to the disk under its name, and delete older ones."""
        checksum = 0
        os.lseek(self._file, 0, os.SEEK_SET)
        while piece := os.read(self._file, _PIECE):
            checksum = zlib.crc32(piece, checksum)
        self._write(checksum.to_bytes(4, "little"))
        os.fsync(self._file)
        os.close(self._file)
        path = self._folder / f"snapshot-{self._frame:020}"
        self._path.rename(path)
        sync_folder(self._folder)
        for older in _snapshots(self._folder):
            if older < path:
                older.unlink()

    def _write(self, content: bytes | memoryview) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._file, view) :]


def newest(folder: Path) -> tuple[Contents, dict[str, NDArray[np.int64]]] | None:
    """Return what the last snapshot of a folder holds, if there is one."""
    paths = _snapshots(folder)
    return _read(paths[-1]) if paths else None


def _snapshots(folder: Path) -> list[Path]:
    return sorted(folder.glob("snapshot-*"))


def _read(path: Path) -> tuple[Contents, dict[str, NDArray[np.int64]]]:
    parts: dict[str, NDArray[np.int64]] = {}
    with path.open("rb", buffering=0) as file:
        length = file.read(8)
        head = file.read(int.from_bytes(length, "little"))
        checksum = zlib.crc32(head, zlib.crc32(length))
        try:
            contents = msgspec.json.decode(head, type=Contents)
        except msgspec.DecodeError as error:
            raise LogError(f"{path}: damaged: {error}") from None
        for name, shape in contents.arrays.items():
            parts[name], checksum = _array(file, shape, checksum)
        if file.read(4) != checksum.to_bytes(4, "little"):
            raise LogError(f"{path}: damaged: its checksum is another one")
    return contents, parts


def _array(file: Any, shape: list[int], checksum: int) -> tuple[NDArray[np.int64], int]:
    array = np.empty(shape, np.int64)
    if array.size:
        view = array.data.cast("B")
        at = 0
        while at < len(view) and (got := file.readinto(view[at : at + _PIECE])):
            checksum = zlib.crc32(view[at : at + got], checksum)
            at += got
    return array, checksum
