"""No connections are left: others have them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Full"]


@dataclass(frozen=True, eq=False)
class Full(Fault):
    """The program's connections end, and whoever asks for a new one is told that there are too many, until it is healed."""

    name: ClassVar[str] = "full"

    @property
    def label(self) -> str:
        """Always the same."""
        return "no connections left"

    async def inject(self, place: Place) -> None:
        """Give all connections to others."""
        if place.part is None:
            raise ValueError("this place has no connections to run out of")
        await place.part.fill()

    async def heal(self, place: Place) -> None:
        """Let the others go."""
        if place.part is not None:
            await place.part.relieve()

    @classmethod
    def drawn(cls, draw: Draws) -> Self:  # noqa: ARG003 - there is nothing to choose
        """There is one kind."""
        return cls()
