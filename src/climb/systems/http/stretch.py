"""Bytes of an open file on their way to a client: from the kernel's memory at once, or else read by a thread."""

from __future__ import annotations

import os

__all__ = ["FileStretch"]

_PIECE = 128 * 1024


class FileStretch:
    """``length`` bytes of an open file from ``first`` on. It owns the descriptor.

    All pieces lie in the same memory: whoever asks for the next one is done with the last.
    """

    __slots__ = ("_descriptor", "_left", "_place", "_room", "length")

    def __init__(self, descriptor: int, first: int, length: int) -> None:
        self._descriptor = descriptor
        self._place = first
        self._left = length
        self._room = memoryview(bytearray(min(_PIECE, length)))
        self.length = length

    def read_nowait(self) -> memoryview | None:
        """Return the next piece if the kernel has all or some of it in memory, else None."""
        try:
            piece = self._read(os.RWF_NOWAIT)
        except OSError:  # EAGAIN: on the disk; EOPNOTSUPP: who knows
            return None
        return piece or None  # nothing may mean the end, which is for a thread to find out

    def read(self) -> memoryview:
        """Return the next piece; nothing if the file ends early."""
        return self._read(0)

    def _read(self, flags: int) -> memoryview:
        count = os.preadv(self._descriptor, [self._room[: self._left]], self._place, flags)
        self._place += count
        self._left -= count
        return self._room[:count]

    def close(self) -> None:
        """Close the file, once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
