"""The other end of a connection, as a script sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from climb.judge.world.seen import FIRST_BYTES, Visit
from climb.judge.world.streams import EncryptedStream, PeerGone, Stream

if TYPE_CHECKING:
    from climb.judge.world.attendance import Attendance, Connection

__all__ = ["Peer", "Script"]

_READ_BYTES = 64 * 1024
_REQUEST_BYTES = 64 * 1024  # a request head longer than this is cut off here


class Peer:
    """A client that connected. When it goes away, whatever the script awaits next ends the script quietly."""

    def __init__(self, connection: Connection, stream: Stream, attendance: Attendance) -> None:
        self._connection = connection
        self._stream = stream
        self._attendance = attendance
        self._unread = b""

    def __repr__(self) -> str:
        return f"Peer(received={self.visit.received}, sent={self.visit.sent})"

    @property
    def visit(self) -> Visit:
        """What is counted of this connection."""
        return self._connection.visit

    @property
    def alpn(self) -> str | None:
        """The protocol chosen in TLS, if any."""
        return self._stream.alpn if isinstance(self._stream, EncryptedStream) else None

    async def send(self, data: bytes) -> None:
        """Send all of ``data``, as slowly as the peer reads."""
        await self._stream.send(data)

    async def receive(self, limit: int = _READ_BYTES) -> bytes:
        """What comes next, at least one byte and at most ``limit``; nothing once the peer has finished sending."""
        if self._unread:
            data, self._unread = self._unread[:limit], self._unread[limit:]
            return data
        data = await self._stream.receive(limit)
        if len(self.visit.first) < FIRST_BYTES:
            self.visit.first += data[: FIRST_BYTES - len(self.visit.first)]
        return data

    async def read_request(self) -> bytes:
        """All up to and with the first blank line; less if the peer finishes before, or if it is longer than 64 KiB.

        What can't become a request, since it doesn't begin with a letter, is returned as it came: no blank line may follow.
        """
        data = b""
        while len(data) < _REQUEST_BYTES:
            more = await self.receive()
            data += more
            end = _blank_line(data)
            if end:
                data, self._unread = data[:end], data[end:]
                break
            if not more or not _may_be_a_request(data):
                break
        return data

    async def drip(self, data: bytes, every_s: float) -> None:
        """Send ``data`` a byte at a time."""
        for index in range(len(data)):
            if index:
                await self.wait(every_s)
            await self.send(data[index : index + 1])

    async def wait(self, seconds: float) -> None:
        """Do nothing for a while; it ends the script if the connection breaks."""
        try:
            async with asyncio.timeout(seconds):
                await self._connection.broken.wait()
        except TimeoutError:
            return
        raise PeerGone

    async def hold(self) -> None:
        """Read and forget until the peer closes."""
        while await self.receive():
            pass

    async def ignore(self) -> None:
        """Neither read nor write until the peer closes."""
        await self._connection.finished.wait()

    async def half_close(self) -> None:
        """Send FIN: nothing more will come from here, but the peer may go on."""
        await self._stream.half_close()

    async def part(self) -> None:
        """Send FIN and wait for the peer's, so that the life of the connection is known. Every script ends with this."""
        await self._stream.half_close()
        await self._stream.drain()

    async def reset(self) -> None:
        """Cut the connection with RST."""
        self._attendance.close(self._connection, reset=True)
        raise PeerGone

    async def close(self) -> None:
        """Close at once: the peer reads end-of-file, and a RST answers what it sends from now on.

        A script that simply returns is gentler: it sends FIN and waits for the peer to close.
        """
        self._attendance.close(self._connection)
        raise PeerGone


Script = Callable[[Peer], Awaitable[None]]


def _may_be_a_request(data: bytes) -> bool:
    """Whether this begins like a method; empty lines before it are allowed, RFC 9112 section 2.2."""
    start = data.lstrip(b"\r\n")[:1]
    return not start or start.isalpha()


def _blank_line(data: bytes) -> int:
    """Where the first blank line ends, or 0; a bare LF is accepted as most servers do."""
    ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n", b"\n\r\n") if (at := data.find(mark)) >= 0]
    return min(ends, default=0)
