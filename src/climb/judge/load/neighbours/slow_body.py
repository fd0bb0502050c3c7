"""A body that is announced and comes a byte at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import counted
from climb.judge.load.neighbours.line import Line
from climb.judge.load.neighbours.neighbour import Neighbour

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["SlowBody"]

_SLOWEST_MS = 1000


@dataclass(frozen=True, kw_only=True)
class SlowBody(Neighbour):
    """Sends a whole head with a length, and then a byte of the body every ``every_ms``; when it is whole, the next request."""

    every_ms: int = 200
    body_bytes: int = 100_000
    name: ClassVar[str] = "slow body"

    @property
    def what(self) -> str:
        """The length and the pace."""
        return f"a body of {counted(self.body_bytes, 'byte')}, one every {self.every_ms} ms"

    async def behave(self, line: Line) -> None:
        """For as long as the program lets it."""
        while True:
            await line.send(self.head(line, "POST", f"Content-Length: {self.body_bytes}") + b"\r\n")
            for _ in range(self.body_bytes):
                await line.read_for(self.every_ms / 1000)
                await line.send(b"a")

    @classmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """Up to 50 of them, a byte a second at the slowest."""
        return cls(
            connections=draw.integer(1, 50),
            every_ms=draw.integer(10, _SLOWEST_MS),
            body_bytes=draw.integer(1000, 100_000),
            target=target,
        )
