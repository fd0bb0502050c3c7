"""Whether the kernel has a part of a file in memory, so that sending it waits for no disk: cachestat(2), Linux 6.5."""

from __future__ import annotations

import ctypes
import os

__all__ = ["is_in_memory"]

_CACHESTAT = 451  # on every architecture: asm-generic/unistd.h
_PAGE = os.sysconf("SC_PAGE_SIZE")
_libc = ctypes.CDLL(None, use_errno=True)


class _Range(ctypes.Structure):
    """``struct cachestat_range`` of linux/mman.h."""

    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _Counts(ctypes.Structure):
    """``struct cachestat`` of linux/mman.h: pages."""

    _fields_ = tuple(
        (name, ctypes.c_uint64) for name in ("cached", "dirty", "writeback", "evicted", "recently_evicted")
    )


def is_in_memory(descriptor: int, first: int, count: int) -> bool:
    """Tell whether all these bytes are there; False if they are not, or nobody can tell.

    A page that is being read just now is counted by the kernel as if it were there. So the two ends are tried too, by a read that
    waits for nothing: what is read ahead ends with its last page.
    """
    stretch, counts = _Range(first, count), _Counts()
    if _libc.syscall(_CACHESTAT, descriptor, ctypes.byref(stretch), ctypes.byref(counts), 0) != 0:
        return False  # an older kernel, a file system without a cache, or a file that is not for us to ask about
    if counts.cached < (first + count - 1) // _PAGE - first // _PAGE + 1:
        return False
    return _is_read(descriptor, first) and _is_read(descriptor, first + count - 1)


def _is_read(descriptor: int, place: int) -> bool:
    try:
        return os.preadv(descriptor, [bytearray(1)], place, os.RWF_NOWAIT) == 1
    except OSError:
        return False
