"""Where a program's output goes: into memory, whole, for a command; into files for a service, which may talk for a long time.

A service writes to files and not to pipes, so that a judge that is busy never makes it wait, and what it wrote last is there
even when it was killed.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["Captured", "Logged"]

_TAIL = 64 * 1024
_KEPT_HEAD = 1024 * 1024  # of a log in a run folder
_KEPT_TAIL = 4 * 1024 * 1024


class Captured:
    """Both streams in memory, up to ``limit`` bytes together; ``size`` counts on past it."""

    def __init__(self, limit: int) -> None:
        self.targets = (subprocess.PIPE, subprocess.PIPE)
        self.size = 0
        self._limit = limit
        self._streams = (bytearray(), bytearray())

    def hear(self, stream: int, data: bytes) -> None:
        """Keep what comes up to the limit; a pipe that is not read to its end is never closed."""
        room = self._limit - sum(map(len, self._streams))
        self._streams[stream - 1].extend(data[: max(room, 0)])
        self.size += len(data)

    @property
    def stdout(self) -> bytes:
        """Standard output so far."""
        return bytes(self._streams[0])

    @property
    def stderr(self) -> bytes:
        """Standard error so far."""
        return bytes(self._streams[1])


class Logged:
    """Both streams in files that the program writes itself: ``<stem>.stdout`` and ``<stem>.stderr``."""

    def __init__(self, stem: Path) -> None:
        self._paths = (stem.with_name(f"{stem.name}.stdout"), stem.with_name(f"{stem.name}.stderr"))
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        self.targets = (os.open(self._paths[0], flags, 0o600), os.open(self._paths[1], flags, 0o600))

    def close(self) -> None:
        """Close our side of the files; the program has its own."""
        for descriptor in self.targets:
            os.close(descriptor)

    def hear(self, stream: int, data: bytes) -> None:
        """Nothing comes this way: the program writes to the files."""

    @property
    def size(self) -> int:
        """Bytes in both files."""
        return sum(path.stat().st_size for path in self._paths)

    @property
    def stdout(self) -> bytes:
        """The last part of standard output."""
        return _read(self._paths[0], 0, _TAIL)

    @property
    def stderr(self) -> bytes:
        """The last part of standard error."""
        return _read(self._paths[1], 0, _TAIL)

    def kept(self) -> tuple[bytes, bytes]:
        """Both streams as a run folder keeps them: whole, or the beginning and the end of a long one."""
        return _read(self._paths[0], _KEPT_HEAD, _KEPT_TAIL), _read(self._paths[1], _KEPT_HEAD, _KEPT_TAIL)


def _read(path: Path, head: int, tail: int) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if size <= head + tail:
            return file.read(head + tail)
        beginning = file.read(head)
        file.seek(-tail, os.SEEK_END)
        left_out = f"\n[… {size - head - tail:,} bytes left out …]\n".encode() if head else b""
        return beginning + left_out + file.read(tail)
