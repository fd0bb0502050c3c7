"""Requests whose answers are never read: they fill the kernels' buffers, and then wait in the program.

Without reading a client does not learn that it was let go, since the end comes behind what it did not read. So the program's side of the
connection is looked at, where the kernel shows it (/proc/net/tcp).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import times
from climb.judge.load.neighbours.far_end import FarEnds
from climb.judge.load.neighbours.line import Ended, Line
from climb.judge.load.neighbours.neighbour import Neighbour

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["NeverReading"]

_LOOK_S = 0.1
_FAR_ENDS = FarEnds()


@dataclass(frozen=True, kw_only=True)
class NeverReading(Neighbour):
    """Asks ``requests`` times for ``target``, which should be large, and reads nothing."""

    requests: int = 4
    name: ClassVar[str] = "never reading"
    receive_buffer: ClassVar[int | None] = 4096

    @property
    def what(self) -> str:
        """How often it asks."""
        return f"{self.target} asked for {times(self.requests)}, and never read"

    async def behave(self, line: Line) -> None:
        """Ask, and look whether the program still holds its side."""
        asking = asyncio.create_task(line.send((self.head(line) + b"\r\n") * self.requests))
        try:
            while not line.failed() and _FAR_ENDS.open(line):  # noqa: ASYNC110 - the kernel has no event for it
                await asyncio.sleep(_LOOK_S)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        raise Ended("reset" if line.failed() else "closed")

    @classmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """Up to 20 of them, who ask up to 10 times."""
        return cls(connections=draw.integer(1, 20), requests=draw.integer(1, 10), target=target)
