"""What all bad neighbours have in common: so many connections, each behaving badly until the program ends it, and then again."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import counted
from climb.judge.load.neighbours.count import Count
from climb.judge.load.neighbours.line import Ended, Line

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Neighbour"]

_AGAIN_S = 0.1  # until one that was ended or refused comes back


@dataclass(frozen=True, kw_only=True)
class Neighbour(ABC):
    """A way to behave, on ``connections`` at a time. ``target`` is what it asks for, if it asks for anything.

    With ``returns`` a connection that the program has ended, or refused, is opened anew a moment later.
    """

    connections: int = 10
    target: str = "/"
    returns: bool = True
    name: ClassVar[str]
    receive_buffer: ClassVar[int | None] = None

    @property
    @abstractmethod
    def what(self) -> str:
        """What each connection does, in a few words."""

    @property
    def label(self) -> str:
        """How many there are, and what they do."""
        return f"{counted(self.connections, 'connection')}: {self.what}"

    @abstractmethod
    async def behave(self, line: Line) -> None:
        """What it does with one connection, up to its ``Ended``; it does not return before."""

    @classmethod
    @abstractmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """A random one; smaller draws are milder."""

    async def stay(self, address: tuple[str, int], count: Count, began: asyncio.Event) -> None:
        """Keep all connections, until cancelled; ``began`` is set when each has been tried once."""
        tried = [asyncio.Event() for _ in range(self.connections)]
        async with asyncio.TaskGroup() as group:
            for each in tried:
                group.create_task(self._one(address, count, each))
            for each in tried:
                await each.wait()
            began.set()

    async def _one(self, address: tuple[str, int], count: Count, tried: asyncio.Event) -> None:
        while True:
            try:
                line = await Line.open(address, receive_buffer=self.receive_buffer)
            except OSError as error:
                count.refused[os.strerror(error.errno).lower() if error.errno else "no answer"] += 1
                tried.set()
            else:
                tried.set()
                await self._behaved(line, count)
            if not self.returns:
                return
            await asyncio.sleep(_AGAIN_S)

    async def _behaved(self, line: Line, count: Count) -> None:
        count.connected += 1
        try:
            await self.behave(line)
        except Ended as ended:
            count.ended.append(line.farewell(ended.how))
        finally:
            count.sent_bytes += line.sent_bytes
            count.received_bytes += line.received_bytes
            line.close()

    def head(self, line: Line, method: str = "GET", *fields: str) -> bytes:
        """The head of a request without the empty line at its end."""
        lines = [f"{method} {self.target} HTTP/1.1", f"Host: 127.0.0.1:{line.port}", *fields]
        return "".join(f"{each}\r\n" for each in lines).encode()
