"""One connection to a Valkey or a Redis for all tasks: what they ask in one turn of the loop goes out in one write.

The server answers in the order of the questions (RESP, "Request-Response model"), so the oldest question is the one that the next
answer belongs to. A task that gives up leaves its place in that order. If the oldest question is not answered in time, nothing behind
it can be: the connection is cut, and all who wait are told.
"""

from __future__ import annotations

import asyncio
from collections import deque

import hiredis

__all__ = ["ErrorAnswer", "Multiplexed", "NoAnswer"]

_MOST = 10_000  # questions under way; more than that is no load but a queue


class NoAnswer(Exception):
    """The connection is cut or full."""


class ErrorAnswer(Exception):
    """The server has answered that it won't."""


class Multiplexed(asyncio.Protocol):
    """The connection, as a protocol of the loop's. An answer takes no longer than ``timeout_s``."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._asked: deque[tuple[float, asyncio.Future[object]]] = deque()
        self._to_send: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._clock: asyncio.TimerHandle | None = None
        self.closed = False

    def ask(self, words: tuple[str | bytes | int, ...]) -> asyncio.Future[object]:
        """The answer to a command."""
        answer: asyncio.Future[object] = self._loop.create_future()
        if self.closed or len(self._asked) >= _MOST:
            answer.set_exception(NoAnswer("closed" if self.closed else "too many questions"))
            return answer
        if not self._to_send:
            self._loop.call_soon(self._send)
        self._to_send.append(hiredis.pack_command(words))  # type: ignore[arg-type]  # typed as a tuple of one
        self._asked.append((self._loop.time(), answer))
        if self._clock is None:
            self._clock = self._loop.call_later(self._timeout_s, self._look)
        return answer

    def close(self) -> None:
        """Cut the connection; who waits is told."""
        if self._transport is not None:
            self._transport.abort()
        self._end("closed")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")  # uvloop's is no subclass
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not False:
                _, asker = self._asked.popleft()
                if asker.done():
                    continue  # it gave up
                if isinstance(answer, hiredis.ReplyError):
                    asker.set_exception(ErrorAnswer(str(answer)))
                else:
                    asker.set_result(answer)
        except (hiredis.ProtocolError, IndexError):  # no such protocol, or an answer to nothing
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(type(exc).__name__ if exc else "the server closed the connection")

    def _send(self) -> None:
        if self._transport is not None and not self.closed:
            self._transport.write(b"".join(self._to_send))
        self._to_send.clear()

    def _look(self) -> None:
        """Is the oldest question still within its time? One clock serves all; it is set anew for whichever is the oldest then.

        If this process did not run for a while, both loops read what came meanwhile before they look at their clocks.
        """
        self._clock = None
        if not self._asked:
            return
        left_s = self._asked[0][0] + self._timeout_s - self._loop.time()
        if left_s > 0:
            self._clock = self._loop.call_later(left_s, self._look)
            return
        self._end("silent")
        if self._transport is not None:
            self._transport.abort()

    def _end(self, why: str) -> None:
        self.closed = True
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        while self._asked:
            _, asker = self._asked.popleft()
            if not asker.done():
                asker.set_exception(NoAnswer(why))
