"""A proxy between the clients and the program's port: what goes wrong on a network goes wrong here, when a check says so.

It passes bytes on as they come, with at most ``QUEUE_BYTES`` of its own for each connection and direction. Conditions can be put
on and taken off at any time, and stacked. A check can stop it at an exact byte, do something, and let it go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from climb.judge.world.effects import Condition, Direction
from climb.judge.world.link import Link, reset_and_close

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Proxy"]

_BACKLOG = 1024


class Scope(Protocol):
    """Where a proxy's tasks live: the world."""

    def start(self, work: Callable[[], Awaitable[None]], where: str) -> asyncio.Task[None]:
        """Run this until it ends or the world closes; an error becomes a mishap."""


@dataclass(eq=False)
class _Stop:
    direction: Direction
    at: int
    hit: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Listens on a port of its own, and connects each client to the program's. Opened by a world, closed with it."""

    def __init__(self, sock: socket.socket, port: int, scope: Scope, *, to: str = "127.0.0.1") -> None:
        self.host: str = sock.getsockname()[0]
        self.port: int = sock.getsockname()[1]
        self.conditions: tuple[Condition, ...] = ()
        self._target = port
        self._to = to
        self._sock = sock
        self._scope = scope
        self._links: list[Link] = []
        self._new: set[socket.socket] = set()  # accepted, and their task has not begun: it may be cancelled before
        self._passed = dict.fromkeys(Direction, 0)
        self._stops: list[_Stop] = []
        self._changed = asyncio.Event()
        self._accepting = False
        self._loop = asyncio.get_running_loop()
        self.accept()

    def __repr__(self) -> str:
        return f"<proxy {self.host}:{self.port} to port {self._target}, {len(self._links)} connections>"

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect."""
        return self.host, self.port

    @property
    def links(self) -> tuple[Link, ...]:
        """All connections so far, in the order in which they came."""
        return tuple(self._links)

    def bytes(self, direction: Direction) -> int:
        """How many bytes were handed on in this direction, on all connections together."""
        return self._passed[direction]

    def aim(self, port: int) -> None:
        """Connect later clients to this port: the program was started again."""
        self._target = port

    # --- conditions ---

    def put_on(self, condition: Condition) -> None:
        """From now on the condition is in force, beside those that are."""
        self.conditions = (*self.conditions, condition)
        if condition.effect.reset_after == 0:
            self._cut(condition)
        self._tell()

    def take_off(self, condition: Condition) -> None:
        """The condition is no longer in force. Connections that it made silent are reset."""
        self.conditions = tuple(each for each in self.conditions if each is not condition)
        if condition.effect.silent:
            self._cut(condition)
        self._tell()

    def refuse(self) -> None:
        """Refuse new connections; those that are open go on."""
        if self._accepting:
            self._accept_no_more()
            self._share_port(False)
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)  # on Linux it listens no more, and keeps its port

    def accept(self) -> None:
        """Accept new connections, as at the beginning."""
        if not self._accepting:
            self._share_port(True)
            self._sock.listen(_BACKLOG)
            self._sock.setblocking(False)
            self._loop.add_reader(self._sock.fileno(), self._take_clients)
            self._accepting = True

    async def reached(
        self, count: int, direction: Direction, do: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        """Wait until exactly ``count`` bytes were handed on in this direction; no further one is until ``do`` has ended."""
        stop = _Stop(direction, count)
        self._stops.append(stop)
        self._tell()
        try:
            if self._passed[direction] < count:
                await stop.hit.wait()
            if do is not None:
                await do()
        finally:
            self._stops.remove(stop)
            self._tell()

    # --- for its connections ---

    async def change(self) -> None:
        """Wait until conditions or stops are others."""
        await self._changed.wait()

    def take(self, direction: Direction, wanted: int) -> int:
        """How many of ``wanted`` bytes may pass before the next stop; they count as passed."""
        stops = [each for each in self._stops if each.direction is direction]
        taken = max(min([wanted, *(each.at - self._passed[direction] for each in stops)]), 0)
        self._passed[direction] += taken
        return taken

    def arrived(self, direction: Direction) -> None:
        """Bytes that were taken are handed on: a stop may be reached."""
        for stop in self._stops:
            if stop.direction is direction and stop.at <= self._passed[direction]:
                stop.hit.set()

    def close(self) -> None:
        """Listen no more."""
        if self._accepting:
            self._accept_no_more()
        self._sock.close()
        for client in self._new:
            client.close()

    def _share_port(self, shared: bool) -> None:
        """Whether the port may be bound beside ours, which only matters while ours does not listen.

        Not while it refuses: a judge beside us that replays the same seed draws the same port, and would find it free. To listen
        again it must be, for connections that go on have the port too.
        """
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, shared)

    def _accept_no_more(self) -> None:
        self._loop.remove_reader(self._sock.fileno())  # what the loop has seen and not told yet is forgotten too
        self._accepting = False

    def _take_clients(self) -> None:
        while (client := self._next_client()) is not None:
            link = Link(len(self._links), self)
            self._links.append(link)
            self._new.add(client)
            self._scope.start(lambda link=link, client=client: self._connect(link, client), repr(self))  # type: ignore[misc]

    def _next_client(self) -> socket.socket | None:
        try:
            return self._sock.accept()[0]
        except BlockingIOError:
            return None
        except ConnectionAbortedError:
            return self._next_client()
        except OSError as error:
            self._accept_no_more()  # or else it would be tried again at once, for ever
            self._scope.start(partial(_failed, error), f"{self!r} accepting")
            return None

    async def _connect(self, link: Link, client: socket.socket) -> None:
        """Find the program for a new client; a program that refuses is not ours to explain: the client is reset."""
        self._new.discard(client)
        program = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            for sock in (client, program):
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if any(each.effect.reset_after == 0 and each.concerns(link.number) for each in self.conditions):
                link.cut()
            await asyncio.get_running_loop().sock_connect(program, (self._to, self._target))
        except BaseException as error:
            link.ended = link.was_reset = True
            reset_and_close(client)
            reset_and_close(program)
            if not isinstance(error, OSError):
                raise
            return
        await link.carry(client, program)

    def _cut(self, condition: Condition) -> None:
        for link in self._links:
            if condition.concerns(link.number):
                link.cut()

    def _tell(self) -> None:
        """Wake all that wait for a change; those who wait again wait for the next one."""
        self._changed.set()
        self._changed = asyncio.Event()


async def _failed(error: OSError) -> None:
    raise error
