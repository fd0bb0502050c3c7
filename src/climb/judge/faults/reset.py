"""Connections break: the other end crashed, or something on the way gave them up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import counted
from climb.judge.faults.fault import NetworkFault, drawn_direction
from climb.judge.world.effects import Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Reset"]

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, eq=False)
class Reset(NetworkFault):
    """A connection is reset, to both sides, when ``after_bytes`` more have passed it; until it is healed, so may be the next."""

    after_bytes: int = 0
    name: ClassVar[str] = "reset"

    @property
    def what(self) -> str:
        """When it happens."""
        return f"reset after {counted(self.after_bytes, 'byte')}" if self.after_bytes else "reset"

    @property
    def effect(self) -> Effect:
        """With 0 it happens at once, to new connections too."""
        return Effect(reset_after=self.after_bytes)

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """Within the first 64 KiB, also in the middle of a line."""
        return cls(draw.integer(0, _MOST_BYTES), direction=drawn_direction(draw))
