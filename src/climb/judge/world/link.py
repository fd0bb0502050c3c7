"""One connection through a proxy: the client's socket, the program's, and what flows between them each way.

Each way has a reader and a writer with a short queue between them, so that a delay does not slow the stream down. When the queue
is full, nothing more is read: back-pressure passes through. Whatever ends one side travels to the other as bytes do. So a
connection that has gone silent tells nobody of an end.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from climb.judge.world.effects import Condition, Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["QUEUE_BYTES", "Link", "Road", "reset_and_close"]

QUEUE_BYTES = 256 * 1024  # of each connection and direction; the kernel's socket buffers come on top
_CHUNK_BYTES = 16 * 1024
_PACES_A_SECOND = 50  # with a bandwidth: how finely what may pass is dealt out


class _Cut(Exception):
    """The connection is to be reset."""


class Road(Protocol):
    """What a connection needs of its proxy."""

    @property
    def conditions(self) -> Sequence[Condition]:
        """What is in force."""

    async def change(self) -> None:
        """Wait until conditions or stops are others."""

    def take(self, direction: Direction, wanted: int) -> int:
        """How many of ``wanted`` bytes may pass now; they count as passed."""

    def arrived(self, direction: Direction) -> None:
        """Bytes that were taken are handed on."""


class Link:
    """A connection through a proxy: its place in their order, from 0, and the bytes handed on each way."""

    def __init__(self, number: int, road: Road) -> None:
        self.number = number
        self.road = road
        self.passed = dict.fromkeys(Direction, 0)
        self.ended = False
        self.was_reset = False
        self.touched_by: dict[Condition, int] = {}  # bytes that passed under a condition that counts them
        self._cut = asyncio.Event()

    def __repr__(self) -> str:
        state = "open" if not self.ended else "reset" if self.was_reset else "closed"
        return f"<link {self.number}, {state}, {self.to_program} bytes to the program, {self.to_client} to the client>"

    @property
    def to_program(self) -> int:
        """Bytes handed on to the program."""
        return self.passed[Direction.TO_PROGRAM]

    @property
    def to_client(self) -> int:
        """Bytes handed on to the client."""
        return self.passed[Direction.TO_CLIENT]

    @property
    def cutting(self) -> bool:
        """Whether both sides are about to be reset."""
        return self._cut.is_set()

    def cut(self) -> None:
        """Reset both sides."""
        self._cut.set()

    async def carry(self, client: socket.socket, program: socket.socket) -> None:
        """Pass bytes until both sides have finished, or one is broken; closes both."""
        there = _Flow(self, Direction.TO_PROGRAM, client, program)
        back = _Flow(self, Direction.TO_CLIENT, program, client)
        there.other, back.other = back, there
        self.was_reset = True  # unless it ends in peace
        try:
            async with asyncio.TaskGroup() as around:
                watching = around.create_task(self._until_cut())
                async with asyncio.TaskGroup() as flows:
                    for flow in (there, back):
                        flows.create_task(flow.read())
                        flows.create_task(flow.write())
                watching.cancel()
            self.was_reset = False
        except* _Cut:
            pass
        finally:
            self.ended = True
            for sock in (client, program):
                reset_and_close(sock) if self.was_reset else sock.close()

    async def _until_cut(self) -> None:
        await self._cut.wait()
        raise _Cut


class _Chunk(NamedTuple):
    due: float
    data: bytes  # none: the end


class _Flow:
    """One direction of a connection."""

    def __init__(self, link: Link, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        self.other = self
        self._link = link
        self._direction = direction
        self._source = source
        self._sink = sink
        self._queue: deque[_Chunk] = deque()
        self._queued = 0
        self._moved = asyncio.Event()
        self._free_at = 0.0  # when the bandwidth allows the next piece
        self._jitters: dict[Condition, random.Random] = {}
        self._loop = asyncio.get_running_loop()

    async def read(self) -> None:
        """Take from the source what the queue has room for, up to its end."""
        while True:
            while self._queued >= QUEUE_BYTES:
                await self._movement()
            data = await self._received()
            last = self._queue[-1].due if self._queue else 0.0
            self._queue.append(_Chunk(max(last, self._loop.time() + self._delay()), data))
            self._queued += len(data)
            self._moved.set()
            if not data:
                return

    async def write(self) -> None:
        """Hand on what is due, as the conditions allow, up to the end."""
        while True:
            while not self._queue:
                await self._movement()
            due, data = self._queue[0]
            await self._until(due)
            await self._pass_on(data)
            self._queue.popleft()
            self._queued -= len(data)
            self._moved.set()
            if not data:
                return

    async def passable(self) -> None:
        """Wait while this direction is held or silent."""
        while any(each.effect.holds or each.effect.silent for each in self._conditions()):
            await self._link.road.change()
        if self._link.cutting:  # or else what was held back would slip through before the reset
            raise _Cut

    async def _received(self) -> bytes:
        await asyncio.sleep(0)  # sock_recv does not suspend while there is something to read
        try:
            return await self._loop.sock_recv(self._source, _CHUNK_BYTES)
        except OSError:
            await self.passable()
            raise _Cut from None

    async def _pass_on(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            piece = await self._permitted(len(rest))
            try:
                await self._send(rest[:piece])
            finally:
                self._link.road.arrived(self._direction)
            rest = rest[piece:]
            self._end_if_cut()
            await self._pause()
        if not data:
            await self.passable()
            with contextlib.suppress(OSError):
                self._sink.shutdown(socket.SHUT_WR)

    async def _permitted(self, wanted: int) -> int:
        """How much may go now; waits until it is something."""
        while True:
            await self.passable()
            await self._until(self._free_at)
            permitted = self._link.road.take(self._direction, self._most(wanted))
            if permitted:
                return permitted
            await self._link.road.change()

    def _most(self, wanted: int) -> int:
        most = min(wanted, _CHUNK_BYTES)
        for condition in self._conditions():
            effect = condition.effect
            if effect.piece_bytes:
                most = min(most, effect.piece_bytes)
            if effect.bytes_per_s:
                most = min(most, max(effect.bytes_per_s // _PACES_A_SECOND, 1))
            if effect.reset_after is not None:
                most = min(most, effect.reset_after - self._link.touched_by.get(condition, 0))
        return max(most, 0)

    async def _send(self, piece: memoryview) -> None:
        self._link.passed[self._direction] += len(piece)
        self._pace(len(piece))
        for condition in self._conditions():
            if condition.effect.reset_after is not None:
                self._link.touched_by[condition] = self._link.touched_by.get(condition, 0) + len(piece)
        try:
            await self._loop.sock_sendall(self._sink, piece)
        except OSError:
            await self.other.passable()  # that the sink is broken is news for the source
            raise _Cut from None

    def _end_if_cut(self) -> None:
        for condition in self._conditions():
            after = condition.effect.reset_after
            if after is not None and self._link.touched_by.get(condition, 0) >= after:
                raise _Cut

    def _pace(self, count: int) -> None:
        rates = [each.effect.bytes_per_s for each in self._conditions() if each.effect.bytes_per_s]
        if rates:
            self._free_at = max(self._free_at, self._loop.time()) + count / min(rates)

    async def _pause(self) -> None:
        """What the conditions demand after a piece."""
        pauses = [each.effect.pause_s for each in self._conditions()]
        await asyncio.sleep(max(pauses, default=0.0))

    def _delay(self) -> float:
        """Delays add up; each jitter is random in a way of its own."""
        whole = 0.0
        for condition in self._conditions():
            effect = condition.effect
            whole += effect.delay_s
            if effect.jitter_s:
                seed = f"{effect.seed}/{self._link.number}/{self._direction.value}"
                whole += self._jitters.setdefault(condition, random.Random(seed)).uniform(0, effect.jitter_s)
        return whole

    def _conditions(self) -> list[Condition]:
        return [each for each in self._link.road.conditions if each.concerns(self._link.number, self._direction)]

    async def _until(self, moment: float) -> None:
        left = moment - self._loop.time()
        if left > 0:
            await asyncio.sleep(left)

    async def _movement(self) -> None:
        self._moved.clear()
        await self._moved.wait()


def reset_and_close(sock: socket.socket) -> None:
    """End a connection with RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
