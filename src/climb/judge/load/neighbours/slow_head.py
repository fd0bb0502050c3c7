"""A head that never ends, a byte at a time (slowloris): each byte is little work, and each connection is kept for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.load.neighbours.line import Line
from climb.judge.load.neighbours.neighbour import Neighbour

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["SlowHead"]

_SLOWEST_MS = 1000


@dataclass(frozen=True, kw_only=True)
class SlowHead(Neighbour):
    """Begins a request, and adds a byte to a field of it every ``every_ms``."""

    every_ms: int = 200
    name: ClassVar[str] = "slow head"

    @property
    def what(self) -> str:
        """The pace."""
        return f"a head, a byte every {self.every_ms} ms"

    async def behave(self, line: Line) -> None:
        """For as long as the program lets it."""
        await line.send(self.head(line) + b"X-Slow: ")
        while True:
            await line.read_for(self.every_ms / 1000)
            await line.send(b"a")

    @classmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """Up to 50 of them, a byte a second at the slowest."""
        return cls(connections=draw.integer(1, 50), every_ms=draw.integer(10, _SLOWEST_MS), target=target)
