"""Everything stands still for a while: congestion, a full buffer, a neighbour that does not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import NetworkFault, drawn_direction
from climb.judge.world.effects import Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Stall"]


@dataclass(frozen=True, eq=False)
class Stall(NetworkFault):
    """Nothing passes until it is healed; then everything does, and nothing was lost."""

    name: ClassVar[str] = "stall"

    @property
    def what(self) -> str:
        """Always the same."""
        return "stall"

    @property
    def effect(self) -> Effect:
        """It holds."""
        return Effect(holds=True)

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """One way or both."""
        return cls(direction=drawn_direction(draw))
