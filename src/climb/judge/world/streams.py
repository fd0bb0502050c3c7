"""Bytes to and from a peer, plain or through TLS.

TLS runs in memory (``ssl.MemoryBIO``) over the plain stream, so that one accept loop serves both and every byte on the wire is
counted. All waiting is on the socket: a slow peer stops the writer (back-pressure), and nothing is queued here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Protocol

from climb.judge.world.tls import Session, Tls

if TYPE_CHECKING:
    from climb.judge.world.attendance import Connection

__all__ = ["EncryptedStream", "PeerGone", "PlainStream", "Stream"]

_CHUNK_BYTES = 16 * 1024  # a TLS record's most; also what a broken connection may miscount


class PeerGone(Exception):
    """The other side is gone. It ends the script quietly, unless the script wants to know."""


class Stream(Protocol):
    """What a script's peer needs of either kind."""

    async def send(self, data: bytes | memoryview) -> None:
        """Hand all of ``data`` to the kernel."""

    async def receive(self, limit: int) -> bytes:
        """At least one byte and at most ``limit``, or none once the peer has finished."""

    async def half_close(self) -> None:
        """Say that nothing more will be sent."""

    async def drain(self) -> None:
        """Read and forget whatever is on the wire until the peer closes."""


class PlainStream:
    """A TCP connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def send(self, data: bytes | memoryview) -> None:
        loop = asyncio.get_running_loop()
        rest = memoryview(data)
        while rest:
            piece, rest = rest[:_CHUNK_BYTES], rest[_CHUNK_BYTES:]
            try:
                await loop.sock_sendall(self._connection.sock, piece)
            except OSError as error:
                raise PeerGone from error
            self._connection.visit.sent += len(piece)
            await asyncio.sleep(0)  # sock_sendall does not suspend while the kernel takes everything

    async def receive(self, limit: int) -> bytes:
        await asyncio.sleep(0)  # nor does sock_recv while there is something to read
        try:
            data = await asyncio.get_running_loop().sock_recv(self._connection.sock, limit)
        except OSError as error:
            raise PeerGone from error
        self._connection.visit.received += len(data)
        return data

    async def half_close(self) -> None:
        try:
            self._connection.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise PeerGone from error

    async def drain(self) -> None:
        while await self.receive(_CHUNK_BYTES):
            pass


class EncryptedStream:
    """TLS over a plain stream, from the server's side."""

    def __init__(self, plain: PlainStream, tls: Tls) -> None:
        self._plain = plain
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        session = tls.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        assert isinstance(session, Session)
        self._session = session
        self.opening = b""  # what the client sent first, for the record if it turns out not to be TLS

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for."""
        return self._session.server_name

    @property
    def version(self) -> str | None:
        """TLSv1.2 or TLSv1.3, after the handshake."""
        return self._session.version()

    @property
    def alpn(self) -> str | None:
        """The protocol that was chosen, after the handshake."""
        return self._session.selected_alpn_protocol()

    async def handshake(self) -> None:
        """Complete the handshake.

        Raises ssl.SSLError if the client doesn't speak TLS as it should; what TLS has to say about it (an alert) is sent.
        """
        while True:
            try:
                self._session.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                await self._flush()
                raise
            else:
                await self._flush()
                return

    async def send(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            piece, rest = rest[:_CHUNK_BYTES], rest[_CHUNK_BYTES:]
            try:
                self._session.write(piece)
            except ssl.SSLError as error:
                raise PeerGone from error
            await self._flush()

    async def receive(self, limit: int) -> bytes:
        while True:
            try:
                return self._session.read(limit)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise PeerGone from error

    async def half_close(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # our close_notify is written; the client's need not come
            self._session.unwrap()
        await self._flush()
        await self._plain.half_close()

    async def drain(self) -> None:
        await self._plain.drain()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._plain.send(self._outgoing.read())

    async def _fill(self) -> None:
        data = await self._plain.receive(_CHUNK_BYTES)
        self.opening = self.opening or data
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
