"""Connections over which nothing is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.load.neighbours.line import Line
from climb.judge.load.neighbours.neighbour import Neighbour

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["IdleCrowd"]


@dataclass(frozen=True, kw_only=True)
class IdleCrowd(Neighbour):
    """Connects, and sends nothing."""

    connections: int = 100
    name: ClassVar[str] = "idle crowd"

    @property
    def what(self) -> str:
        """Nothing."""
        return "nothing is sent"

    async def behave(self, line: Line) -> None:
        """Wait for the end."""
        await line.read_to_the_end()

    @classmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """Up to 500 of them."""
        return cls(connections=draw.integer(1, 500), target=target)
