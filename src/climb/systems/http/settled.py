"""What a file is at a moment that is over: its content, if that is small, and what tells it from any other.

A tag is made of what the kernel changes whenever the content changes: inode, size, and the times of the last change of content and
of status, which nobody can set back. The kernel takes these times from a clock that stands still for up to 10 ms, so a file that
was changed in this very moment might change once more without showing it. Such a file is looked at again a little later; and a
small one is read before its tag is believed.
"""

from __future__ import annotations

import os
import time

from climb.systems.http.conditions import Identity
from climb.systems.http.folder import Opened

__all__ = ["identity_of", "settled"]

_SMALL = 64 * 1024  # bytes: read at once, so that the file is closed before the answer is sent
_TICK_NS = 20_000_000  # two ticks of a kernel's clock at 100 Hz, the slowest
_LOOKS = 4  # at a small file that keeps changing


def settled(file: Opened, *, waits: bool) -> bytes | None:
    """Bring the file's status to a moment that is over; return the content of that moment if it is a small one.

    Without ``waits``, BlockingIOError says that a clock or a disk would have to be waited for.
    """
    for _ in range(_LOOKS):
        age_ns = time.time_ns() - file.status.st_ctime_ns
        if 0 <= age_ns < _TICK_NS:
            if not waits:
                raise BlockingIOError
            time.sleep((_TICK_NS - age_ns) / 1e9)
            file.status = os.fstat(file.descriptor)
        size = file.status.st_size
        if size > _SMALL:
            return None
        content = _read(file.descriptor, size, waits=waits)
        before, file.status = file.status, os.fstat(file.descriptor)
        if _content_of(before) == _content_of(file.status) and len(content) == size:
            return content
        if not waits:
            raise BlockingIOError
    return None


def _read(descriptor: int, size: int, *, waits: bool) -> bytes:
    if waits or not size:
        return os.pread(descriptor, size, 0)
    room = bytearray(size)
    try:
        count = os.preadv(descriptor, [room], 0, os.RWF_NOWAIT)
    except OSError as error:  # on the disk, or a file system that can't tell
        raise BlockingIOError from error
    return bytes(room[:count])


def identity_of(status: os.stat_result) -> Identity:
    """Return what tells this content of the file from the next."""
    now = int(time.time())  # a date to come would be no date of a change
    tag = b'"%x-%x-%x-%x"' % _content_of(status)
    return Identity(tag, min(status.st_mtime_ns // 1_000_000_000, now))


def _content_of(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
