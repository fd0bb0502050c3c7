"""The program is killed, and stays dead until the fault is healed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import Fault, Place

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Kill"]


@dataclass(frozen=True, eq=False)
class Kill(Fault):
    """SIGKILL, as by ``kill -9`` or the kernel's out-of-memory killer. Healing starts it again, if the place says how."""

    name: ClassVar[str] = "kill"

    @property
    def label(self) -> str:
        """Always the same."""
        return "killed"

    async def inject(self, place: Place) -> None:
        """End all its processes at once."""
        await place.kill()

    async def heal(self, place: Place) -> None:
        """Start it again, unless somebody has, or it is to stay dead."""
        await place.start_again()

    @classmethod
    def drawn(cls, draw: Draws) -> Self:  # noqa: ARG003 - there is nothing to choose
        """There is one kind."""
        return cls()
