"""The two system calls that Python's socket module does not offer, and what they need laid out in memory."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket

__all__ = ["Messages", "attach_filter", "grow_buffer"]

_libc = ctypes.CDLL(None, use_errno=True)

_SOL_SOCKET, _SO_ATTACH_FILTER = 1, 26
_INSTRUCTION = 8  # sizeof(struct sock_filter)

_IOVEC = struct.Struct("@PN")
# struct mmsghdr: (name, its length, vectors, how many, control, its length, flags), bytes sent; "0P" pads as C does.
_MMSGHDR = struct.Struct("@PIPNPNi0PI0P")


def attach_filter(socket: _socket.socket, code: bytes) -> None:
    """Run this classic BPF program on each packet that the socket is offered."""
    held = ctypes.create_string_buffer(code)
    socket.setsockopt(
        _SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(code) // _INSTRUCTION, ctypes.addressof(held))
    )


def grow_buffer(socket: _socket.socket, size: int, *, receive: bool = False) -> None:
    """Let the socket queue this much; without cap_net_admin as much as this machine allows anyone (net.core.*mem_max)."""
    forced, asked = (33, 8) if receive else (32, 7)  # SO_RCVBUFFORCE and SO_RCVBUF, SO_SNDBUFFORCE and SO_SNDBUF
    try:
        socket.setsockopt(_SOL_SOCKET, forced, size)
    except PermissionError:
        socket.setsockopt(_SOL_SOCKET, asked, size)


class Messages:
    """Many equally long datagrams, each with its address, that one ``sendmmsg(2)`` hands to the kernel.

    ``frames`` and ``names`` are filled by the caller; headers and vectors point into them and are written once.
    The call releases the interpreter's lock, so that two threads send on two processors.
    """

    def __init__(self, capacity: int, frame_length: int, name_length: int) -> None:
        """Lay out room for ``capacity`` datagrams."""
        self.frames = bytearray(capacity * frame_length)
        self.names = bytearray(capacity * name_length)
        frame, name = _address(self.frames), _address(self.names)
        self._vectors = bytearray().join(_IOVEC.pack(frame + at * frame_length, frame_length) for at in range(capacity))
        vector = _address(self._vectors)
        self._headers = bytearray().join(
            _MMSGHDR.pack(name + at * name_length, name_length, vector + at * _IOVEC.size, 1, 0, 0, 0, 0)
            for at in range(capacity)
        )
        self._first = _address(self._headers)

    def send(self, descriptor: int, start: int, end: int) -> int:
        """Send the datagrams from ``start`` up to ``end``; return how many the kernel took before the first it refused.

        Raises the ``OSError`` of the first one if that is refused.
        """
        while True:
            sent: int = _libc.sendmmsg(descriptor, ctypes.c_void_p(self._first + start * _MMSGHDR.size), end - start, 0)
            if sent >= 0:
                return sent
            code = ctypes.get_errno()
            if code != errno.EINTR:
                raise OSError(code, os.strerror(code))


def _address(buffer: bytearray) -> int:
    """Return where the buffer is in memory; it stays there as long as it is not resized."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
