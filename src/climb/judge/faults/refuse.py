"""Nobody listens: the program is not there yet, or its address is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Refuse"]


@dataclass(frozen=True, eq=False)
class Refuse(Fault):
    """New connections are refused; those that are open go on."""

    name: ClassVar[str] = "refuse"

    @property
    def label(self) -> str:
        """Always the same."""
        return "connections refused"

    async def inject(self, place: Place) -> None:
        """Listen no more."""
        place.road.refuse()

    async def heal(self, place: Place) -> None:
        """Listen again."""
        place.road.accept()

    @classmethod
    def drawn(cls, draw: Draws) -> Self:  # noqa: ARG003 - there is nothing to choose
        """There is one kind."""
        return cls()
