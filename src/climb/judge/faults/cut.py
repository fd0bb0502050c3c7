"""It is gone: its machine was switched off, or its network taken away, and everybody is told so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place
from climb.judge.world.effects import Condition, Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Cut"]


@dataclass(frozen=True, eq=False)
class Cut(Fault):
    """Open connections are reset and new ones refused, until it is healed; what is behind runs on and loses nothing."""

    name: ClassVar[str] = "cut"

    @property
    def label(self) -> str:
        """Always the same."""
        return "gone"

    async def inject(self, place: Place) -> None:
        """Listen no more, and reset what is open."""
        place.road.refuse()
        place.put_on(self, Condition(Effect(reset_after=0)))

    async def heal(self, place: Place) -> None:
        """Listen again."""
        place.take_off(self)
        place.road.accept()

    @classmethod
    def drawn(cls, draw: Draws) -> Self:  # noqa: ARG003 - there is nothing to choose
        """There is one kind."""
        return cls()
