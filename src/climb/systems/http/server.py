"""The server: connections, threads for what waits for disks, deadlines, and an end in order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from climb.systems.http.accepting import Acceptor, descriptors_for_connections
from climb.systems.http.answer import Say, plain
from climb.systems.http.connection import Connection
from climb.systems.http.memory import REST_S, give_back
from climb.systems.http.resource import AtOnce, Find
from climb.systems.http.settings import Limits
from climb.systems.http.shared import Answered, Shared
from climb.systems.http.wheel import TICK_S

__all__ = ["STOP_S", "Server"]

STOP_S = 9.4  # for answers under way when it stops; the contract says 10 for everything
_LAST_REQUESTS_S = 0.03  # to hear of what was sent before the stop
_THREADS = 8
_T = TypeVar("_T")


class Server:
    """Answers with what ``find`` finds; made in a running loop. ``at_once`` is asked before it, and spares most of the work."""

    def __init__(
        self,
        find: Find,
        limits: Limits,
        answered: Answered | None = None,
        say: Say = plain,
        at_once: AtOnce | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="files")
        self._shared = Shared(self._loop, find, limits, self._in_thread, answered, say=say, at_once=at_once)
        self._arriving: set[asyncio.Task[object]] = set()
        self._acceptor: Acceptor | None = None
        self._most = 0
        self._rested_at = 0.0  # when memory may be given back again

    def begin(self, sock: socket.socket) -> None:
        """Answer at a bound socket, which is the server's from now on."""
        self._most = descriptors_for_connections()
        self._acceptor = Acceptor(sock, self._loop, self._take, self._has_room)
        self._shared.freed = self._acceptor.freed
        self._acceptor.begin()
        self._turn_wheel()

    def _has_room(self) -> bool:
        return len(self._shared.connections) + len(self._arriving) < self._most

    def _take(self, sock: socket.socket) -> None:
        connection = Connection(self._shared, sock)
        task: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(lambda: connection, sock)
        )
        self._arriving.add(task)
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[object]) -> None:
        self._arriving.discard(task)
        if not task.cancelled() and task.exception() is not None and self._acceptor is not None:
            self._acceptor.freed()  # it was gone before it was ours

    def _turn_wheel(self) -> None:
        now = monotonic()
        self._shared.wheel.turn(now)
        if self._shared.freed_much and now >= self._rested_at:
            self._shared.freed_much = False
            give_back()
            self._rested_at = now + REST_S
        self._ticking = self._loop.call_later(TICK_S, self._turn_wheel)

    def _in_thread(self, work: Callable[[], _T], then: Callable[[_T | BaseException], None]) -> None:
        loop = self._loop

        def run() -> None:
            result: _T | BaseException
            try:
                result = work()
            except BaseException as error:  # it is handed over
                result = error
            loop.call_soon_threadsafe(then, result)

        self._threads.submit(run)

    async def end(self, within_s: float = STOP_S, *, linger_s: float = _LAST_REQUESTS_S) -> None:
        """Take no more connections, finish what is under way, and return when all connections have ended.

        For ``linger_s`` a connection may still bring a request: its answer says that it is the last.
        """
        deadline = monotonic() + within_s
        shared = self._shared
        assert self._acceptor is not None
        self._acceptor.end()
        shared.stopping = True
        ends_at = monotonic() + linger_s
        while shared.connections and (left_s := ends_at - monotonic()) > 0:  # noqa: ASYNC110 - freed is the acceptor's
            await asyncio.sleep(min(left_s, _LAST_REQUESTS_S))
        gone = asyncio.Event()
        shared.freed = gone.set
        for connection in list(shared.connections):
            connection.stop()
        while shared.connections or self._arriving:
            gone.clear()
            try:
                async with asyncio.timeout(min(max(deadline - monotonic(), 0), 0.1)):
                    await gone.wait()
            except TimeoutError:
                if monotonic() >= deadline:
                    break
        for connection in list(shared.connections):
            connection.kill()
        self._ticking.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.sleep(0)  # for the transports to close
