"""A neighbour's connection, which does nothing by itself: no byte is read or sent that its owner did not ask for."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
import time
from typing import Literal

from climb.judge.load.neighbours.count import Farewell

__all__ = ["Ended", "Line"]

_CONNECT_S = 10.0
_READ = 64 * 1024
_STATUS = slice(9, 12)  # of "HTTP/1.1 200"
_GONE = {errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT, errno.ENOTCONN}


class Ended(Exception):
    """The program has ended the connection."""

    def __init__(self, how: Literal["closed", "reset"]) -> None:
        super().__init__(how)
        self.how = how


class Line:
    """One connection; what it asks of the loop ends when the program ends it, with ``Ended``."""

    def __init__(self, sock: socket.socket) -> None:
        self.sent_bytes = 0
        self.received_bytes = 0
        self.began = time.monotonic()
        self.local_port: int = sock.getsockname()[1]
        self.port: int = sock.getpeername()[1]
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._first = b""
        self._failed = False

    @classmethod
    async def open(cls, address: tuple[str, int], *, receive_buffer: int | None = None) -> Line:
        """Connect. Raises OSError, or TimeoutError if nobody answers."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if (
                receive_buffer is not None
            ):  # before the connect: the window that is announced then can't be taken back (tcp(7))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            async with asyncio.timeout(_CONNECT_S):
                await asyncio.get_running_loop().sock_connect(sock, address)
            return cls(sock)
        except BaseException:
            sock.close()
            raise

    async def send(self, data: bytes) -> None:
        """Send all of it, however long that takes."""
        try:
            await self._loop.sock_sendall(self._sock, data)
        except OSError as error:
            raise _ended(error) from error
        self.sent_bytes += len(data)

    async def read_for(self, seconds: float) -> None:
        """Read for so long and throw it away."""
        try:
            async with asyncio.timeout(seconds):
                await self.read_to_the_end()
        except TimeoutError:
            return

    async def read_to_the_end(self) -> None:
        """Read until the program ends the connection."""
        while True:
            try:
                data = await self._loop.sock_recv(self._sock, _READ)
            except OSError as error:
                raise _ended(error) from error
            if not data:
                raise Ended("closed")
            self._first = (self._first + data)[: _STATUS.stop]
            self.received_bytes += len(data)

    def failed(self) -> bool:
        """Whether the kernel knows that the connection is broken, without reading."""
        # Asking takes the error away (socket(7)), so it is asked for once.
        self._failed = self._failed or self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0
        return self._failed

    def half_close(self) -> None:
        """End our sending side."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise _ended(error) from error

    def farewell(self, how: Literal["closed", "reset"]) -> Farewell:
        """How it was ended just now."""
        status = self._first[_STATUS]
        return Farewell(time.monotonic() - self.began, how, int(status) if status.isdigit() else None)

    def close(self) -> None:
        """Reset it: nothing of it is left in the kernel, on neither side."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


def _ended(error: OSError) -> Exception:
    return Ended("reset") if error.errno in _GONE else OSError(error.errno, os.strerror(error.errno or 0))
