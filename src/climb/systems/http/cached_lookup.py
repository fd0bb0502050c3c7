"""Paths that the kernel knows by heart: openat2(2) with RESOLVE_CACHED (Linux 5.12), which asks no disk and never waits.

``straight`` also demands that no symbolic link is on the way, and that the way stays below the folder: then nobody has to ask where
that truly is. OSError with ELOOP says that there is a link.
"""

from __future__ import annotations

import ctypes
import errno
import os

__all__ = ["READ", "open_straight", "point_at_cached", "point_straight"]

READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_POINT = os.O_PATH | os.O_CLOEXEC
_OPENAT2 = 437  # on every architecture: asm-generic/unistd.h
_NO_SYMLINKS, _BENEATH, _CACHED = 0x04, 0x08, 0x20  # RESOLVE_… of linux/openat2.h
_STRAIGHT = _NO_SYMLINKS | _BENEATH | _CACHED
_libc = ctypes.CDLL(None, use_errno=True)


class _How(ctypes.Structure):
    """``struct open_how`` of linux/openat2.h."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_HOW_BYTES = ctypes.sizeof(_How)
_POINT_CACHED = ctypes.byref(_How(_POINT, 0, _CACHED))
_POINT_STRAIGHT = ctypes.byref(_How(_POINT, 0, _STRAIGHT))
_READ_STRAIGHT = ctypes.byref(_How(READ, 0, _STRAIGHT))


def point_at_cached(path: bytes, folder: int) -> int:
    """Return a descriptor that points at a path (O_PATH); BlockingIOError if the kernel would have to ask a disk, or is too old."""
    return _opened(path, folder, _POINT_CACHED)


def point_straight(path: bytes, folder: int) -> int:
    """Return such a descriptor for a straight path."""
    return _opened(path, folder, _POINT_STRAIGHT)


def open_straight(path: bytes, folder: int) -> int:
    """Return a descriptor to read from what is at a straight path."""
    return _opened(path, folder, _READ_STRAIGHT)


def _opened(path: bytes, folder: int, how: object) -> int:
    descriptor = int(_libc.syscall(_OPENAT2, folder, path, how, _HOW_BYTES))
    if descriptor >= 0:
        return descriptor
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EPERM, errno.EINVAL):  # unknown, or forbidden by a sandbox that is older than it
        number = errno.EAGAIN
    raise OSError(number, os.strerror(number))
