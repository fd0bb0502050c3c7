"""A file of counters, mapped into memory: a click that was counted there survives the process, whatever kills it.

Memory that is mapped from a file and shared is the kernel's own copy of the file (mmap(2), MAP_SHARED). To add one to a number in it
costs less than a system call, and is as safe from the death of the process as write(2) is. The file is as long as it gets from the
beginning, and has its place on the disk: else a full disk would be a signal instead of an error (fallocate(2)).

A slot is written in an order in which it can break off anywhere: its name first, its count last. A slot without a count is none.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from climb.systems.links.codes import code_like

__all__ = ["SLOTS", "Counted", "Segment", "Slot", "Unreadable", "read_segment"]

_MAGIC = b"climb clicks 1\n\0"
_SLOT_BYTES = 64
SLOTS = 4096
"""How many links of an hour a segment has room for."""
_SIZE = (SLOTS + 1) * _SLOT_BYTES
_NAME = struct.Struct("<QI32s")  # the hour since 1970, the length of the code, and the code
_COUNT = struct.Struct("<Q")
_LAST_HOUR = 8_000 * 366 * 24  # of the years that PostgreSQL and Python both know
_MOST_CLICKS = 2**48
_write = _COUNT.pack_into
_COUNT_AT = _SLOT_BYTES - _COUNT.size  # aligned, so that it is written whole


class Unreadable(Exception):
    """A file has the form of a segment, and something in it that none of ours has written."""


@dataclass(frozen=True)
class Counted:
    """How often a link was followed in an hour."""

    code: str
    hour: int
    """since 1970"""
    count: int


class Slot:
    """One counter of a segment."""

    __slots__ = ("_map", "_place", "count", "hour", "segment")

    def __init__(self, segment: Segment, place: int, hour: int) -> None:
        self.segment = segment
        self.hour = hour
        self.count = 0
        self._map = segment.map
        self._place = place

    def add(self) -> None:
        """Count a click."""
        self.count = count = self.count + 1
        _write(self._map, self._place, count)


class Segment:
    """A file that clicks are counted in now; nobody else takes it for abandoned while this one has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._slots: dict[tuple[str, int], Slot] = {}
        unfinished = path.with_suffix(".new")  # nobody looks at it before it is locked
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.posix_fallocate(descriptor, 0, _SIZE)
            self.map = mmap.mmap(descriptor, _SIZE)
            self.map[: len(_MAGIC)] = _MAGIC
            unfinished.rename(path)
        except OSError:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
            raise
        self._descriptor = descriptor

    @property
    def is_empty(self) -> bool:
        """Whether nothing is counted here."""
        return not self._slots

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another link."""
        return len(self._slots) >= SLOTS

    def slot(self, code: str, hour: int) -> Slot:
        """The counter of a link in an hour; the segment must not be full."""
        found = self._slots.get((code, hour))
        if found is None:
            place = (len(self._slots) + 1) * _SLOT_BYTES
            name = code.encode("ascii")
            _NAME.pack_into(self.map, place, hour, len(name), name)
            found = self._slots[code, hour] = Slot(self, place + _COUNT_AT, hour)
        return found

    def counted(self) -> list[Counted]:
        """What is counted so far."""
        return [Counted(code, hour, slot.count) for (code, hour), slot in self._slots.items() if slot.count]

    def let_go(self) -> None:
        """Close the file; what is counted stays in it."""
        self.map.close()
        os.close(self._descriptor)

    def remove(self) -> None:
        """Its clicks are somewhere else."""
        self.path.unlink(missing_ok=True)
        self.let_go()


@contextlib.contextmanager
def read_segment(path: Path) -> Iterator[list[Counted] | None]:
    """What is counted in a file whose process is gone; None while that lives, or if there is no such file.

    A file that is none of ours, or damaged, is :class:`Unreadable`.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # somebody else has moved its clicks
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield _read(os.pread(descriptor, _SIZE, 0)) if path.exists() else None
    except BlockingIOError:
        yield None
    finally:
        os.close(descriptor)


def _read(content: bytes) -> list[Counted]:
    if not content.startswith(_MAGIC) or len(content) != _SIZE:
        raise Unreadable("its beginning or its length is not that of a segment")
    found = []
    for place in range(_SLOT_BYTES, _SIZE, _SLOT_BYTES):
        (count,) = _COUNT.unpack_from(content, place + _COUNT_AT)
        if count:
            hour, length, name = _NAME.unpack_from(content, place)
            code = name[:length].decode("latin-1")
            if not code_like(code) or length > len(name) or hour > _LAST_HOUR or count > _MOST_CLICKS:
                raise Unreadable(f"the slot at {place} is of no link")
            found.append(Counted(code, hour, count))
    return found
