"""A request that is cut off by the end of what the client sends: nothing more will come, and the connection is still there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import counted
from climb.judge.load.neighbours.line import Line
from climb.judge.load.neighbours.neighbour import Neighbour

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["HalfClosing"]


@dataclass(frozen=True, kw_only=True)
class HalfClosing(Neighbour):
    """Sends the first ``sent_bytes`` of a request, shuts down its sending side, and waits for the end."""

    sent_bytes: int = 20
    name: ClassVar[str] = "half-closing"

    @property
    def what(self) -> str:
        """Where it is cut."""
        return f"{counted(self.sent_bytes, 'byte')} of a request, and the sending side is shut down"

    async def behave(self, line: Line) -> None:
        """Half a request, and no more."""
        await line.send((self.head(line) + b"\r\n")[: self.sent_bytes])
        line.half_close()
        await line.read_to_the_end()

    @classmethod
    def drawn(cls, draw: Draws, target: str) -> Self:
        """Up to 50 of them, cut within the first 30 bytes, before any request can be whole."""
        return cls(connections=draw.integer(1, 50), sent_bytes=draw.integer(0, 30), target=target)
