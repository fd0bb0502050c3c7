"""One side is gone, and the other does not know: a cable was pulled, a machine lost its power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import NetworkFault, drawn_direction
from climb.judge.world.effects import Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["HalfOpen"]


@dataclass(frozen=True, eq=False)
class HalfOpen(NetworkFault):
    """Nothing passes any more, no end of file either; healing resets what was silent, and later connections are well."""

    name: ClassVar[str] = "half-open"

    @property
    def what(self) -> str:
        """Always the same."""
        return "half-open"

    @property
    def effect(self) -> Effect:
        """It is silent."""
        return Effect(silent=True)

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """One way or both."""
        return cls(direction=drawn_direction(draw))
