"""Load over TCP lines: prepared bytes over many connections, at a rate or as fast as they are taken, and what came back when."""

from __future__ import annotations

import asyncio
import bisect
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from climb.judge.load.plan import Ended, Plan, Ready, Sample, Sent

__all__ = ["LineLoad", "Loaded", "LoadedConnection", "Progress"]


class Progress(msgspec.Struct, frozen=True):
    """How far all connections together were at a time (seconds since the check began): bytes sent, bytes that came back."""

    at: float
    sent: int
    received: int


class LoadedConnection(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection went: what the kernel took, what came back, and when."""

    sent_bytes: int
    sent_lines: int
    ended: str  # "done", "stopped", "closed" (by the program, too early), "reset", or why there was no connection
    last_sent_at: float
    answers: bytes
    arrivals: tuple[tuple[float, int], ...]  # (at, bytes that had come back by then)

    def lines(self) -> list[tuple[float, bytes]]:
        """The whole lines that came back, each with the time at which it was whole."""
        *whole, _ = self.answers.split(b"\n")
        ends = [count for _, count in self.arrivals]
        found, end = [], 0
        for line in whole:
            end += len(line) + 1
            found.append((self.arrivals[bisect.bisect_left(ends, end)][0], line))
        return found


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a load came to. Times are seconds since the check began."""

    started: float
    ended: float
    idle_s: float  # in which processors had nothing to do meanwhile, all processors of the machine together
    connections: tuple[LoadedConnection, ...]
    progress: tuple[Progress, ...]

    @property
    def sent_bytes(self) -> int:
        """Of all connections."""
        return sum(connection.sent_bytes for connection in self.connections)

    @property
    def sent_lines(self) -> int:
        """Of all connections."""
        return sum(connection.sent_lines for connection in self.connections)

    @property
    def seconds(self) -> float:
        """From the first byte sent to the last answer."""
        return self.ended - self.started


class LineLoad:
    """A load under way, in a process of its own. Use it as a block; ``finished`` or ``stop`` give what came of it."""

    def __init__(
        self,
        address: tuple[str, int],
        blocks: Sequence[bytes],
        folder: Path,
        *,
        opened_at: float,
        bytes_per_s: float | None = None,
    ) -> None:
        self.progress: list[Progress] = []
        self._opened_at = opened_at
        self._blocks = [_Block(block) for block in blocks]
        self._answers = [folder / f"{number}.answers" for number in range(len(blocks))]
        self._plan = Plan(
            host=address[0],
            port=address[1],
            blocks=tuple(block.path for block in self._blocks),
            answers=tuple(map(str, self._answers)),
            bytes_per_s=bytes_per_s,
            parent=os.getpid(),
        )
        self._result: asyncio.Future[Ended]
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Connect, and begin to send."""
        self._result = asyncio.get_running_loop().create_future()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "climb.judge.load.sender",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=64 * 1024 * 1024,
        )
        self._reader = asyncio.create_task(self._read())
        self._write(msgspec.json.encode(self._plan) + b"\n")
        try:
            await self._ready.wait()
        except BaseException:
            await self.__aexit__()
            raise
        self._write(b"g")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(self._reader, return_exceptions=True)
        if not self._result.done():
            self._result.cancel()
        for block, answers in zip(self._blocks, self._answers, strict=True):
            block.close()
            answers.unlink(missing_ok=True)

    @property
    def sent(self) -> int:
        """Bytes sent so far, as far as is known: at most a twentieth of a second old."""
        return self.progress[-1].sent if self.progress else 0

    @property
    def received(self) -> int:
        """Bytes that came back so far, as far as is known."""
        return self.progress[-1].received if self.progress else 0

    @property
    def running(self) -> bool:
        """Whether there is something to send, or to wait for."""
        return not self._result.done()

    async def reached(self, sent: int, *, timeout_s: float) -> bool:
        """Wait until this many bytes were sent; false if the load ended before, or the time was over."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.sent < sent and self.running:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return self.sent >= sent

    async def finished(self, *, timeout_s: float) -> Loaded | None:
        """What came of it when all is sent, answered and closed; None if that takes longer."""
        try:
            return self._loaded(await asyncio.wait_for(asyncio.shield(self._result), timeout_s))
        except TimeoutError:
            return None

    async def stop(self) -> Loaded:
        """End it now; what came of it so far."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._loaded(await asyncio.wait_for(asyncio.shield(self._result), 60))

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                self._hear(line)
        finally:
            if not self._result.done():
                self._result.set_exception(RuntimeError("the sending process ended without a result"))
                self._result.exception()  # retrieved here: nobody may be waiting
            self._changed.set()
            self._ready.set()

    def _hear(self, line: bytes) -> None:
        told = msgspec.json.decode(line, type=Ready | Sample | Ended)
        if isinstance(told, Ready):
            self._ready.set()
        elif isinstance(told, Sample):
            self.progress.append(Progress(told.at - self._opened_at, told.sent, told.received))
        elif not self._result.done():
            self._result.set_result(told)
        self._changed.set()

    def _loaded(self, ended: Ended) -> Loaded:
        connections = tuple(map(self._connection, self._blocks, self._answers, ended.connections))
        return Loaded(
            started=ended.started - self._opened_at,
            ended=ended.ended - self._opened_at,
            idle_s=ended.idle_s,
            connections=connections,
            progress=tuple(self.progress),
        )

    def _connection(self, block: _Block, answers: Path, sent: Sent) -> LoadedConnection:
        return LoadedConnection(
            sent_bytes=sent.sent,
            sent_lines=block.lines(sent.sent),
            ended=sent.ended,
            last_sent_at=sent.last_sent_at - self._opened_at,
            answers=answers.read_bytes(),
            arrivals=tuple((at - self._opened_at, count) for at, count in sent.arrivals),
        )


class _Block:
    """What one connection sends, in memory: on a disk it would wait to be written beside what the program syncs."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._file = os.fdopen(os.memfd_create("block"), "wb")
        self._file.write(content)
        self._file.flush()

    @property
    def path(self) -> str:
        """Where another process finds it."""
        return f"/proc/{os.getpid()}/fd/{self._file.fileno()}"

    def lines(self, sent: int) -> int:
        """How many whole lines the first bytes are."""
        return self._content.count(b"\n", 0, sent)

    def close(self) -> None:
        self._file.close()
