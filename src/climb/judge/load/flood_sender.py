"""The process that floods: ``python -m climb.judge.load.flood_sender`` sends the same request as fast as it is taken, and reads what comes.

It asks for no more than the program takes: when the kernel's buffer is full it waits until there is room.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal, cast

import uvloop

from climb.judge.load.flood_plan import FloodEnded, FloodFarewell, FloodOrder
from climb.judge.load.orders import follow, tell
from climb.judge.load.plan import Sample

__all__ = ["main"]

_BLOCK = 16 * 1024
_AGAIN_S = 0.1
_SAMPLE_S = 0.05
_CONNECT_S = 10.0
_VERSION = b"HTTP/1."
_STATUS = slice(9, 12)  # of "HTTP/1.1 200"


class _Connection(asyncio.Protocol):
    """One connection, which sends while it may."""

    def __init__(self, flood: _Flood) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.began = time.monotonic()
        self.how: Literal["closed", "reset"] = "closed"
        self._flood = flood
        self._last = b""
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being of that class
        self._loop = asyncio.get_running_loop()
        self.send()

    def send(self) -> None:
        """One more block, and, if it was taken, another at the loop's next turn."""
        if self._flood.running and not self._paused and not self._transport.is_closing():
            self._transport.write(self._flood.block)
            self._flood.sent += len(self._flood.block)
            self._loop.call_soon(self.send)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self.send()

    def data_received(self, data: bytes) -> None:
        self._flood.received += len(data)
        self._last = data

    def connection_lost(self, error: Exception | None) -> None:
        self.how = "closed" if error is None else "reset"
        if not self.ended.done():
            self.ended.set_result(None)

    def status(self) -> int | None:
        """Of the last answer, if what came last has its beginning."""
        at = self._last.rfind(_VERSION)
        found = self._last[at:][_STATUS]
        return int(found) if at >= 0 and found.isdigit() else None

    def abort(self) -> None:
        self._transport.abort()


class _Flood:
    """All connections."""

    def __init__(self, order: FloodOrder) -> None:
        self.block = order.data * max(_BLOCK // len(order.data), 1)
        self.running = False
        self.sent = 0
        self.received = 0
        self._order = order
        self._connected = 0
        self._refused: Counter[str] = Counter()
        self._farewells: list[FloodFarewell] = []

    async def run(self) -> FloodEnded:
        """Flood until standard input ends; each connection is tried once in any case."""
        self.running = True
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(sys.stdin.fileno(), stopped.set)
        tried = [asyncio.Event() for _ in range(self._order.connections)]
        tasks = [loop.create_task(self._one(each)) for each in tried]
        tasks.append(loop.create_task(self._sample()))
        for each in (*tried, stopped):
            await each.wait()
        self.running = False
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return FloodEnded(
            connected=self._connected,
            refused=dict(self._refused),
            farewells=tuple(self._farewells),
            sent_bytes=self.sent,
            received_bytes=self.received,
        )

    async def _one(self, tried: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        address = (self._order.host, self._order.port)
        while True:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    _, connection = await loop.create_connection(lambda: _Connection(self), *address)
            except OSError as error:
                tried.set()
                self._refused[os.strerror(error.errno).lower() if error.errno else "no answer"] += 1
            else:
                tried.set()
                await self._kept(connection)
            if not self._order.returns:
                return
            await asyncio.sleep(_AGAIN_S)

    async def _kept(self, connection: _Connection) -> None:
        self._connected += 1
        try:
            await connection.ended
            after_s = time.monotonic() - connection.began
            self._farewells.append(FloodFarewell(after_s=after_s, how=connection.how, status=connection.status()))
        finally:
            connection.abort()

    async def _sample(self) -> None:
        while True:
            tell(Sample(time.monotonic(), self.sent, self.received))
            await asyncio.sleep(_SAMPLE_S)


def main() -> None:
    """Wait for the byte, flood until standard input ends, and tell what became of it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        def prepared(order: FloodOrder) -> Callable[[], FloodEnded]:
            return lambda: runner.run(_Flood(order).run())

        follow(FloodOrder, prepared)


if __name__ == "__main__":
    main()
