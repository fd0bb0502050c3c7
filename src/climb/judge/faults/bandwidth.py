"""A thin line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import counted
from climb.judge.faults.fault import NetworkFault, drawn_direction
from climb.judge.world.effects import Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Bandwidth"]

_RATES = [1_000_000, 300_000, 100_000, 30_000, 10_000]


@dataclass(frozen=True, eq=False)
class Bandwidth(NetworkFault):
    """At most ``bytes_per_s`` pass, on each connection and in each direction."""

    bytes_per_s: int
    name: ClassVar[str] = "bandwidth"

    @property
    def what(self) -> str:
        """The rate."""
        return f"at most {counted(self.bytes_per_s, 'byte')} a second"

    @property
    def effect(self) -> Effect:
        """Of several the lowest counts."""
        return Effect(bytes_per_s=self.bytes_per_s)

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """From a megabyte down to ten kilobytes a second."""
        return cls(draw.choice(_RATES), direction=drawn_direction(draw))
