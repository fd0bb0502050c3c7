"""A client of the contract's lines that takes care of acks, resending and back-pressure for a source.

A source hands over batches of readings in order. A batch stays here until the processor has acknowledged all of it, and is sent
again on a new connection if that breaks before. Then the source is told that it is safe: it may move its position, commit an
offset, or acknowledge a message. What is here is bounded: a source that is faster than the processor waits in ``send``.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError

__all__ = ["Batch", "Feed"]

MOST_WAITING_BYTES = 4 * 1024 * 1024  # half of what the contract lets a processor read ahead on a connection
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0
_READ_BYTES = 256 * 1024


class _Reject(msgspec.Struct, frozen=True):
    line: int
    reason: str = ""


class _Answer(msgspec.Struct, frozen=True):
    ack: dict[str, int] = {}
    reject: _Reject | None = None


class _Line(msgspec.Struct, frozen=True):
    sensor: str
    seq: int


@dataclass(eq=False)
class Batch:
    """Readings as the contract's lines. ``highest`` is the highest number of each of their sensors."""

    lines: bytes
    highest: dict[str, int]
    count: int
    when_safe: Callable[[], None] = lambda: None
    rejected: set[int] = field(default_factory=set)

    def without(self, line: int) -> None:
        """Take out a line that the processor rejected: it will never be acknowledged."""
        self.rejected.add(line)
        self.highest = {}
        decode = msgspec.json.Decoder(_Line).decode
        for index, text in enumerate(self.lines.split(b"\n")[:-1]):
            if index in self.rejected:
                continue
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):  # a line that will be rejected too
                reading = decode(text)
                self.highest[reading.sensor] = max(reading.seq, self.highest.get(reading.sensor, 0))


class Feed:
    """One connection to the processor, made again as often as it breaks; ``run`` it in a task."""

    def __init__(self, port: int, *, most_bytes: int = MOST_WAITING_BYTES, give_up_s: float = math.inf) -> None:
        """``give_up_s``: after that time without a connection ``run`` raises EdgeError, and tries no more."""
        self._address = ("127.0.0.1", port)
        self._give_up_s = give_up_s
        self._most_bytes = most_bytes
        self._waiting: deque[Batch] = deque()
        self._unsent: deque[Batch] = deque()
        self._bytes = 0
        self._left: dict[str, int] = {}  # of the first batch: what is not acknowledged yet
        self._acked: dict[str, int] = {}
        self._changed = asyncio.Condition()
        self.safe = 0
        self.rejected = 0
        self.reconnected = 0
        self.last_reason = ""
        self._decode = msgspec.json.Decoder(_Answer).decode
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, batch: Batch) -> None:
        """Take a batch, when there is room for it."""
        if not batch.highest and not self._waiting:  # nothing to send, and nothing before it
            batch.when_safe()
            return
        async with self._changed:
            await self._changed.wait_for(
                lambda: not self._waiting or self._bytes + len(batch.lines) <= self._most_bytes
            )
            self._waiting.append(batch)
            self._unsent.append(batch)
            self._bytes += len(batch.lines)
            if len(self._waiting) == 1:
                self._begin_first()
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Lines that were taken and are not safe yet."""
        return sum(batch.count for batch in self._waiting)

    async def settled(self) -> None:
        """Wait until everything that was taken is safe."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._waiting)

    def break_off(self) -> None:
        """Abort the connection, as a network does; what is not safe is sent again over the next."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def run(self) -> None:
        """Send and listen until cancelled; while nobody listens there, try again with growing pauses."""
        pause_s, lost_at = _FIRST_PAUSE_S, time.monotonic()
        while True:
            try:
                reader, writer = await asyncio.open_connection(*self._address)
            except OSError as error:
                if time.monotonic() - lost_at > self._give_up_s:
                    raise EdgeError(f"nobody takes readings at 127.0.0.1:{self._address[1]} any more") from error
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            self._writer = writer
            try:
                await self._talk(reader, writer)
            finally:
                self._writer = None
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            self.reconnected += 1
            lost_at = time.monotonic()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send what waits, from the first batch that is not safe; return when the connection is broken."""
        self._unsent = deque(self._waiting)
        sent: deque[tuple[int, Batch]] = deque()  # with the number of the line before it
        writing = asyncio.create_task(self._write(writer, sent))
        listening = asyncio.create_task(self._listen(reader, sent))
        try:
            await asyncio.wait((writing, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, listening):
                task.cancel()
            ends = await asyncio.gather(writing, listening, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, OSError | asyncio.CancelledError):
                raise end

    async def _write(self, writer: asyncio.StreamWriter, sent: deque[tuple[int, Batch]]) -> None:
        line = 0
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._unsent))
                batch = self._unsent.popleft()
            sent.append((line, batch))
            line += batch.count
            writer.write(batch.lines)
            await writer.drain()

    async def _listen(self, reader: asyncio.StreamReader, sent: deque[tuple[int, Batch]]) -> None:
        rest = b""
        while data := await reader.read(_READ_BYTES):
            *lines, rest = (rest + data).split(b"\n")
            done: list[Batch] = []
            async with self._changed:
                for line in lines:
                    self._take(self._decode(line), sent, done)
                while sent and sent[0][1] in done:
                    sent.popleft()
                if done:
                    self._changed.notify_all()
            for batch in done:
                batch.when_safe()

    def _take(self, answer: _Answer, sent: deque[tuple[int, Batch]], done: list[Batch]) -> None:
        for sensor, seq in answer.ack.items():
            if seq > self._acked.get(sensor, 0):
                self._acked[sensor] = seq
            if self._left.get(sensor, seq + 1) <= seq:
                del self._left[sensor]
        if answer.reject is not None:
            self._reject(answer.reject, sent)
        while self._waiting and not self._left:
            batch = self._waiting.popleft()
            self._bytes -= len(batch.lines)
            self.safe += batch.count - len(batch.rejected)
            done.append(batch)
            if self._waiting:
                self._begin_first()

    def _reject(self, reject: _Reject, sent: deque[tuple[int, Batch]]) -> None:
        self.last_reason = reject.reason
        for before, batch in sent:
            if before < reject.line <= before + batch.count:
                self.rejected += reject.line - before - 1 not in batch.rejected
                batch.without(reject.line - before - 1)
                if self._waiting and batch is self._waiting[0]:
                    self._begin_first()

    def _begin_first(self) -> None:
        """Note what of the batch that is first now is still to be acknowledged."""
        highest = self._waiting[0].highest
        self._left = {sensor: seq for sensor, seq in highest.items() if self._acked.get(sensor, 0) < seq}
