"""The surroundings of a learner's program during one check.

Everything that a check starts here ends with it: servers, the sockets that hold ports, their tasks. A script that fails is the
judge's own mistake; it is kept in ``mishaps`` and never raised into the check, where it would look like the learner's.
"""

from __future__ import annotations

import asyncio
import functools
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from climb.errors import SetupError
from climb.judge.world import ports
from climb.judge.world.addresses import Addresses, has_ipv6
from climb.judge.world.attendance import Attendance
from climb.judge.world.certificates import Certificate, Certifier, KeyKind
from climb.judge.world.proxy import Proxy
from climb.judge.world.scripts import hold
from climb.judge.world.seen import Seen
from climb.judge.world.server import Server, read_out
from climb.judge.world.silent import Silent, fill_queues
from climb.judge.world.tls import Tls, make_tls

if TYPE_CHECKING:
    import datetime as dt
    import socket
    from collections.abc import Awaitable, Callable, Sequence
    from ipaddress import IPv4Network
    from types import TracebackType

    from climb.judge.dependencies import Cache, Database
    from climb.judge.world.draws import Draws
    from climb.judge.world.peer import Script

__all__ = ["Mishap", "World"]

_CLOSING_S = 2.0
_ACCEPT_QUEUE = 1024  # a judge that is late must not drop a SYN: the program would call an open port filtered


@dataclass(frozen=True)
class Mishap:
    """A mistake of the judge during a check: where, and what was raised."""

    where: str
    error: BaseException


class World:
    """Servers, ports, addresses and dependencies for one check: ``async with World(draw) as world``."""

    def __init__(self, draw: Draws) -> None:
        self.draw = draw
        self.mishaps: list[Mishap] = []
        self.opened_at = time.monotonic()
        self._addresses = Addresses(draw)
        self._certifier = Certifier()
        self._servers: list[Server] = []
        self._proxies: list[Proxy] = []
        self._held: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._attendance: Attendance | None = None
        self._dependencies = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._attendance = Attendance(asyncio.get_running_loop())
        self._seen = Seen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for server in self._servers:
                server.stop_listening()
            await self._stop_tasks()
        finally:
            for proxy in self._proxies:
                proxy.close()
            for sock in self._held:
                sock.close()
            if self._attendance is not None:
                self._attendance.stop()
            await self._dependencies.aclose()

    def __repr__(self) -> str:
        return f"World({len(self._servers)} servers, {len(self._held)} ports held)"

    def now(self) -> float:
        """Seconds since this world was opened: the one clock of everything that a check records."""
        return time.monotonic() - self.opened_at

    # --- addresses ---

    @functools.cached_property
    def host(self) -> str:
        """The address where servers listen unless they are given another; drawn at its first use."""
        return self.address()

    @property
    def has_ipv6(self) -> bool:
        """Whether servers can listen on ::1."""
        return has_ipv6()

    def address(self) -> str:
        """A new random address of 127/8 that this world has not handed out; 127.0.0.1 where only that one answers."""
        return self._addresses.one()

    def block(self, prefix: int) -> IPv4Network:
        """A new random aligned block of 127/8, with a prefix of 16 to 32."""
        return self._addresses.block(prefix)

    # --- ports ---

    async def listener(
        self,
        script: Script | None = None,
        *,
        address: str | None = None,
        port: int | None = None,
        tls: Tls | None = None,
        backlog: int = _ACCEPT_QUEUE,
    ) -> Server:
        """A server that runs ``script`` for each connection (default: accept and hold), on a random port or the given one.

        Raises SetupError if the given port is taken.
        """
        attendance = self._open_attendance()
        where = self.host if address is None else address
        if port is None:
            (sock,) = ports.bound_somewhere(self.draw, where, backlog=backlog)
        else:
            sock = ports.bound_at(where, port, backlog=backlog)
        server = Server(sock, script or hold(), tls=tls, scope=self, attendance=attendance, whole=self._seen)
        self._servers.append(server)
        return server

    async def listener_on_one_of(self, numbers: Sequence[int], script: Script | None = None) -> Server:
        """A server on a random one of these well-known ports, passing over those that another program holds.

        Raises SetupError if all of them are taken.
        """
        for number in self.draw.sample(numbers, len(numbers)):
            try:
                return await self.listener(script, port=number)
            except SetupError:
                continue
        raise SetupError(f"other programs hold all of the ports {', '.join(map(str, numbers))}")

    def closed(self, count: int, *, address: str | None = None) -> list[int]:
        """``count`` random ports that refuse, in ascending order; each is held, so that nobody else can listen there."""
        where = self.host if address is None else address
        return self._hold(ports.bound_somewhere(self.draw, where, backlog=None, count=count))

    def near(self, port: int, *, reach: int = 3, address: str | None = None) -> list[int]:
        """The ports up to ``reach`` below and above this one that refuse; those that somebody holds are left out."""
        where = self.host if address is None else address
        return self._hold(ports.bound_near(where, port, reach))

    async def silent(self, count: int, *, address: str | None = None) -> Silent:
        """``count`` random ports that don't answer at all: their kernel queue is full, so each SYN is dropped.

        Raises SetupError if this machine's kernel answers nevertheless.
        """
        where = self.host if address is None else address
        sockets = ports.bound_somewhere(self.draw, where, backlog=0, count=count)
        numbers = self._hold(sockets)
        await fill_queues(sockets)
        return Silent(where, tuple(numbers), sockets)

    async def proxy(self, port: int, *, host: str = "127.0.0.1") -> Proxy:
        """A proxy on a random port of 127.0.0.1 to this one of the program's, or of ``host``, which need not be open yet."""
        (sock,) = ports.bound_somewhere(self.draw, "127.0.0.1", backlog=_ACCEPT_QUEUE)
        self._proxies.append(Proxy(sock, port, self, to=host))
        return self._proxies[-1]

    # --- dependencies ---

    async def database(self, *, alone: bool = False, connections: int | None = None) -> Database:
        """A fresh PostgreSQL database behind a proxy; ``alone``: on a server that can be killed, paused and restarted.

        The program gets ``connections`` at most at once, 90 if nothing is said. Raises SetupError if there is no server here.
        """
        from climb.judge.dependencies.opening import opened_database

        return await self._dependencies.enter_async_context(opened_database(self, alone=alone, connections=connections))

    async def cache(self, *, alone: bool = False) -> Cache:  # noqa: ARG002 - a server of its own costs a tenth of a second
        """A fresh cache behind a proxy. It is alone on its server in any case, which keeps nothing when it ends.

        Raises SetupError if there is no server here.
        """
        from climb.judge.dependencies.opening import opened_cache

        return await self._dependencies.enter_async_context(opened_cache(self))

    # --- TLS ---

    def certificate(
        self,
        *,
        common_name: str | None = None,
        dns_names: Sequence[str] = (),
        issuer: str | None = None,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        key: KeyKind = "ec",
    ) -> Certificate:
        """A certificate: self-signed, or signed by an authority of the name ``issuer``; valid today unless dated."""
        return self._certifier.issue(
            common_name=common_name,
            dns_names=dns_names,
            issuer=issuer,
            not_before=not_before,
            not_after=not_after,
            key=key,
        )

    def tls(
        self,
        certificate: Certificate,
        *,
        alpn: Sequence[str] = (),
        minimum: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2",
        maximum: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.3",
    ) -> Tls:
        """TLS for a listener; ``alpn`` is what the server chooses from, its favourite first."""
        return make_tls(certificate, alpn=alpn, minimum=minimum, maximum=maximum)

    # --- what was seen ---

    @property
    def seen(self) -> Seen:
        """What all servers of this world together saw up to this very moment."""
        for server in self._servers:
            server.catch_up()
        return self._seen

    async def drained(self, timeout_s: float) -> bool:
        """``Server.drained`` for all servers together."""
        empty = await self.seen.emptied(timeout_s)
        await read_out(self._tasks)
        return empty

    # --- tasks ---

    def start(self, work: Callable[[], Awaitable[None]], where: str) -> asyncio.Task[None]:
        """Run ``work`` until it ends or this world closes; what it raises becomes a mishap."""
        task = asyncio.get_running_loop().create_task(self._guarded(work, where))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def mishap(self, where: str, error: BaseException) -> None:
        """Keep a mistake of the judge."""
        self.mishaps.append(Mishap(where, error))

    async def _guarded(self, work: Callable[[], Awaitable[None]], where: str) -> None:
        try:
            await work()
        except Exception as error:
            self.mishap(where, error)

    async def _stop_tasks(self) -> None:
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, stuck = await asyncio.wait(tasks, timeout=_CLOSING_S)
        for task in stuck:
            self.mishap(repr(task.get_coro()), TimeoutError(f"a script ignored being stopped for {_CLOSING_S} s"))

    def _hold(self, sockets: list[socket.socket]) -> list[int]:
        self._held.extend(sockets)
        return sorted(sock.getsockname()[1] for sock in sockets)

    def _open_attendance(self) -> Attendance:
        if self._attendance is None:
            raise SetupError("a world's servers live within: async with World(draw) as world")
        return self._attendance
