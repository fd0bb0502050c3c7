"""Bytes of an open file on their way to a client: sent by the kernel from its memory, or else read by a thread.

What is in the kernel's memory goes to the socket without a copy (sendfile). But sendfile waits for a disk, and the loop must not; so
it is used only for what is in memory already, and the rest is read by a thread, piece by piece, and written.
"""

from __future__ import annotations

import os

from climb.systems.http.in_memory import is_in_memory

__all__ = ["FileStretch"]

_SENT_PIECE = 512 * 1024  # at once: about 0.1 ms
_READ_PIECE = 128 * 1024
_SMALL_PIECE = 4 * 1024  # worth a copy, only to hear when the client takes more
_NO_ROOM = memoryview(b"")


class FileStretch:
    """``length`` bytes of an open file from ``first`` on. It owns the descriptor.

    All pieces that are read lie in the same memory: whoever asks for the next one is done with the last.
    """

    __slots__ = ("_descriptor", "_left", "_nowait", "_place", "_room", "length")

    def __init__(self, descriptor: int, first: int, length: int) -> None:
        self._descriptor = descriptor
        self._place = first
        self._left = length
        self._room = _NO_ROOM
        self._nowait = _READ_PIECE
        self.length = length

    def is_at_hand(self) -> bool:
        """Tell whether what :meth:`send` would send next is in the kernel's memory."""
        return is_in_memory(self._descriptor, self._place, min(self._left, _SENT_PIECE))

    def send(self, to: int) -> int | None:
        """Send what comes next to a socket, as much as it takes, which may be nothing; None if that can't be done."""
        try:
            count = os.sendfile(to, self._descriptor, self._place, min(self._left, _SENT_PIECE))
        except BlockingIOError:
            self._nowait = _SMALL_PIECE
            return 0
        except OSError:
            return None  # a file system without it; or a connection that is gone, which the next write will tell
        self._pass(count)
        return count or None

    def read_nowait(self) -> memoryview | None:
        """Return the next piece if the kernel has all or some of it in memory, else None."""
        try:
            piece = self._read(self._nowait, os.RWF_NOWAIT)
        except OSError:  # EAGAIN: on the disk; EOPNOTSUPP: who knows
            return None
        return piece or None  # nothing may mean the end, which is for a thread to find out

    def read(self) -> memoryview:
        """Return the next piece, however long that takes; nothing if the file ends early."""
        return self._read(_READ_PIECE, 0)

    def _read(self, most: int, flags: int) -> memoryview:
        size = min(most, self._left)
        if len(self._room) < size:
            self._room = memoryview(bytearray(size))
        count = os.preadv(self._descriptor, [self._room[:size]], self._place, flags)
        self._pass(count)
        return self._room[:count]

    def _pass(self, count: int) -> None:
        self._place += count
        self._left -= count

    def close(self) -> None:
        """Close the file, once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
