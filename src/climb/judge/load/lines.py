"""Load over TCP lines: prepared bytes over many connections, at a rate or as fast as they are taken, and what came back when."""

from __future__ import annotations

import bisect
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from climb.judge.load.plan import Ended, Plan, Sent
from climb.judge.load.process import LoadProcess, Progress

__all__ = ["LineLoad", "Loaded", "LoadedConnection"]


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


class LineLoad(LoadProcess[Ended, Loaded]):
    """Blocks of lines, each over a connection of its own; done when all is sent, answered and closed."""

    def __init__(
        self,
        address: tuple[str, int],
        blocks: Sequence[bytes],
        folder: Path,
        *,
        opened_at: float,
        bytes_per_s: float | None = None,
    ) -> None:
        self._blocks = [_Block(block) for block in blocks]
        self._answers = [folder / f"{number}.answers" for number in range(len(blocks))]
        plan = Plan(
            host=address[0],
            port=address[1],
            blocks=tuple(block.path for block in self._blocks),
            answers=tuple(map(str, self._answers)),
            bytes_per_s=bytes_per_s,
            parent=os.getpid(),
        )
        super().__init__("climb.judge.load.sender", plan, Ended, opened_at=opened_at)

    def _close(self) -> None:
        for block, answers in zip(self._blocks, self._answers, strict=True):
            block.close()
            answers.unlink(missing_ok=True)

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
