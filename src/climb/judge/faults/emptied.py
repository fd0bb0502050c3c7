"""All that was kept is gone, and the server runs on: somebody flushed it, or it was replaced by a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place, Store

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Emptied"]


@dataclass(frozen=True, eq=False)
class Emptied(Fault):
    """A cache forgets everything at once. There is nothing to heal: what was in it does not come back by itself."""

    name: ClassVar[str] = "emptied"

    @property
    def label(self) -> str:
        """Always the same."""
        return "emptied"

    async def inject(self, place: Place) -> None:
        """Forget everything."""
        if not isinstance(place.part, Store):
            raise TypeError("this place keeps nothing that it may forget")
        await place.part.empty()

    async def heal(self, place: Place) -> None:
        """It is over already."""

    @classmethod
    def drawn(cls, draw: Draws) -> Self:  # noqa: ARG003 - there is nothing to choose
        """There is one kind."""
        return cls()
