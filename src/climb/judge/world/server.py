"""A server on loopback: accepts as fast as connections come, and gives each one to a script."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from typing import TYPE_CHECKING, Protocol

from climb.judge.world import ports
from climb.judge.world.attendance import Attendance, Connection, began
from climb.judge.world.peer import Peer, Script
from climb.judge.world.seen import FIRST_BYTES, Seen, Visit
from climb.judge.world.streams import EncryptedStream, PeerGone, PlainStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from climb.judge.world.tls import Tls

__all__ = ["Scope", "Server", "read_out"]

_NO_MORE = {errno.EAGAIN, errno.EWOULDBLOCK}
_READING_OUT_S = 0.25


class Scope(Protocol):
    """Where a server's tasks live and its mistakes are kept: the world."""

    def start(self, work: Callable[[], Awaitable[None]], where: str) -> asyncio.Task[None]:
        """Run this until it ends or the world closes; an error becomes a mishap."""

    def mishap(self, where: str, error: BaseException) -> None:
        """Keep a mistake of the judge."""


class Server:
    """A listening socket and its script. Opened by a world, closed with it, or earlier by ``close``."""

    def __init__(
        self,
        sock: socket.socket,
        script: Script,
        *,
        tls: Tls | None,
        scope: Scope,
        attendance: Attendance,
        whole: Seen,
    ) -> None:
        self.address: str = sock.getsockname()[0]
        self.port: int = sock.getsockname()[1]
        self.tls = tls
        self._sock = sock
        self._script = script
        self._scope = scope
        self._attendance = attendance
        self._whole = whole
        self._seen = Seen()
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._accept)

    def __repr__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"<{'tls' if self.tls else 'tcp'}://{host}:{self.port}>"

    @property
    def seen(self) -> Seen:
        """What this server saw up to this very moment."""
        self.catch_up()
        return self._seen

    async def drained(self, timeout_s: float) -> bool:
        """Wait until no connection is open and what clients sent is read; False if some are open after ``timeout_s``."""
        self.catch_up()
        empty = await self._seen.emptied(timeout_s)
        await read_out(self._serving)
        return empty

    def catch_up(self) -> None:
        """Accept what waits and note who has left, without waiting for the event loop's turn."""
        if self._sock.fileno() >= 0:
            self._accept()
        self._attendance.sweep()

    async def close(self) -> None:
        """Listen no more and cut what is open; from now on the port refuses."""
        self.stop_listening()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=1)

    def stop_listening(self) -> None:
        """Refuse new connections; those that are open go on."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _accept(self) -> None:
        """Take all connections that wait, then count them together."""
        arrived: list[Connection] = []
        while (sock := self._take_one()) is not None:
            ports.room_above(sock.fileno())
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each send of a script is a segment of its own
            arrived.append(Connection(sock, (self._seen, self._whole), Visit(began(sock))))
        if not arrived:
            return
        self._attendance.arrive(arrived)
        for connection in arrived:
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._serving.discard(task)
            self._attendance.close(connection, reset=True)  # for a task that was stopped before its first step

        task = self._scope.start(lambda: self._serve(connection), repr(self))
        self._serving.add(task)
        task.add_done_callback(ended)

    def _take_one(self) -> socket.socket | None:
        try:
            return self._sock.accept()[0]
        except ConnectionAbortedError:
            return self._take_one()
        except OSError as error:
            if error.errno not in _NO_MORE:
                self._scope.mishap(f"{self!r} accepting", error)
                self._loop.remove_reader(self._sock.fileno())  # or else it would be tried again at once, for ever
            return None

    async def _serve(self, connection: Connection) -> None:
        """Run the script, then part in peace; a script that fails, or is stopped, cuts the connection."""
        peaceful = False
        try:
            peer = await self._welcome(connection)
            if peer is not None:
                await self._script(peer)
                await peer.part()
            peaceful = True
        except PeerGone:
            peaceful = True
        finally:
            self._attendance.close(connection, reset=not peaceful)

    async def _welcome(self, connection: Connection) -> Peer | None:
        """The peer to talk to; None if TLS failed, which is the client's affair."""
        plain = PlainStream(connection)
        if self.tls is None:
            return Peer(connection, plain, self._attendance)
        encrypted = EncryptedStream(plain, self.tls)
        try:
            await encrypted.handshake()
        except ssl.SSLError:
            connection.visit.first += encrypted.opening[:FIRST_BYTES]
            await Peer(connection, plain, self._attendance).part()
            return None
        finally:
            connection.visit.server_name = encrypted.server_name
        return Peer(connection, encrypted, self._attendance)


async def read_out(serving: set[asyncio.Task[None]]) -> None:
    """Let scripts read what their clients left behind; a script that pauses or never reads is not waited for."""
    if serving:
        await asyncio.wait(serving, timeout=_READING_OUT_S)
