"""The write-ahead log of a partition: frames in segments, written together and synced once for all that was appended.

A frame has a number, which counts on over segments, and a checksum. A crash may cut the last frame of the last segment, or
leave pages of it unwritten; when the log is opened again it ends before the first frame that is not whole, as if what follows
had never been appended, which nobody was told of. In an earlier segment, that cannot come from a crash, and is an error.

Appending copies into memory; ``commit`` takes what was appended until then, so it may run in a thread of its own while the
next batch is appended (group commit: DeWitt et al., Implementation Techniques for Main Memory Database Systems, SIGMOD 1984).
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from climb.systems.processor.engine.errors import LogError

__all__ = ["ADVANCE", "READINGS", "Frame", "Log", "sync_folder"]

READINGS, ADVANCE = 1, 2  # kinds of frames
_HEAD = struct.Struct("<IIQII")  # magic, kind, number, length of what follows, checksum of all but the magic
_COVERED = struct.Struct("<IQI")
_MAGIC = 0x314C4C43
_AT_ONCE = 512  # pieces that are written in one call; Linux takes 1,024
_LONGEST = 1 << 30
_SEGMENT = 16 << 20  # bytes after which a new one begins: recovery reads one at a time


class Frame(NamedTuple):
    """One entry of a log."""

    number: int
    kind: int
    content: bytes


class Log:
    """Appends to the last segment of a folder; ``frames`` must have been read to their end before."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._folder = folder
        self._durable = durable
        self._file = -1
        self._pending: list[bytes | int] = []  # a number ends a segment: the next one begins with that frame
        self._appending = threading.Lock()
        self._writing = threading.Lock()
        self._in_segment = 0
        self._next = 0
        self.size = 0  # bytes of all segments, what is pending included

    # --- reading -----------------------------------------------------------------------------------------------------

    def frames(self, first: int) -> Iterator[Frame]:
        """Read all frames from a number on, cut what a crash has left behind them, and open the log for appending."""
        self._next = first
        segments = [path for path in self._segments() if _first_of(path) >= first]
        for path in segments:
            if _first_of(path) != self._next:
                raise LogError(f"{path}: the log has a gap before frame {_first_of(path)}; expected {self._next}")
            end = 0
            content = path.read_bytes()
            for end, frame in self._whole_frames(content):  # noqa: B007  # used behind the loop
                yield frame
            self.size += end
            if end < len(content):
                if path != segments[-1]:
                    raise LogError(f"{path}: damaged at byte {end}, although there are later segments")
                _cut(path, end)
        self._open(segments[-1] if segments else self._path(self._next))

    def _whole_frames(self, content: bytes) -> Iterator[tuple[int, Frame]]:
        view = memoryview(content)
        at = 0
        while at + _HEAD.size <= len(content):
            magic, kind, number, length, checksum = _HEAD.unpack_from(content, at)
            end = at + _HEAD.size + length
            if magic != _MAGIC or number != self._next or length > _LONGEST or end > len(content):
                return
            inside = view[at + _HEAD.size : end]
            if _checksum(kind, number, inside) != checksum:
                return
            self._next += 1
            at = end
            yield end, Frame(number, kind, bytes(inside))

    # --- writing -----------------------------------------------------------------------------------------------------

    @property
    def next_number(self) -> int:
        """The number of the frame that is appended next."""
        return self._next

    def append(self, kind: int, content: bytes) -> None:
        """Append a frame, in memory."""
        if self._in_segment > _SEGMENT:
            self.begin_segment()
        checksum = _checksum(kind, self._next, content)
        with self._appending:
            self._pending += (_HEAD.pack(_MAGIC, kind, self._next, len(content), checksum), content)
        self._next += 1
        self._in_segment += _HEAD.size + len(content)
        self.size += _HEAD.size + len(content)

    def begin_segment(self) -> int:
        """Let what is appended from now on stand in a new segment, and return the number of its first frame."""
        with self._appending:
            self._pending.append(self._next)
        self._in_segment = 0
        return self._next

    def commit(self) -> None:
        """Bring all that was appended before this call to the disk."""
        with self._writing:
            with self._appending:
                pending, self._pending = self._pending, []
            pieces: list[bytes] = []
            for piece in pending:
                if isinstance(piece, bytes):
                    pieces.append(piece)
                elif piece != self._first:
                    self._write(pieces)
                    pieces = []
                    os.close(self._file)
                    self._open(self._path(piece))
            self._write(pieces)

    def forget(self, before: int) -> None:
        """Delete segments whose frames are all before a number."""
        for path in self._segments():
            if _first_of(path) < before:
                path.unlink()
        sync_folder(self._folder)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, pieces: list[bytes]) -> None:
        if not pieces:
            return
        for begin in range(0, len(pieces), _AT_ONCE):
            part = pieces[begin : begin + _AT_ONCE]
            written = os.writev(self._file, part)
            if written < sum(map(len, part)):
                rest = memoryview(b"".join(part))[written:]
                while rest:
                    rest = rest[os.write(self._file, rest) :]
        if self._durable:
            os.fdatasync(self._file)

    def _open(self, path: Path) -> None:
        self._first = _first_of(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        sync_folder(self._folder)

    def _path(self, number: int) -> Path:
        return self._folder / f"log-{number:020}"

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("log-*"))


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _checksum(kind: int, number: int, content: bytes | memoryview) -> int:
    return zlib.crc32(content, zlib.crc32(_COVERED.pack(kind, number, len(content))))


def _first_of(path: Path) -> int:
    return int(path.name.partition("-")[2])


def _cut(path: Path, end: int) -> None:
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
