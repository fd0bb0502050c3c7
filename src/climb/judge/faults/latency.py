"""Bytes come late: a long way, or a full queue on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.judge.faults.fault import NetworkFault, drawn_direction
from climb.judge.world.effects import Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Latency"]

_LONGEST_MS = 200


@dataclass(frozen=True, eq=False)
class Latency(NetworkFault):
    """Each byte comes ``delay_ms`` later, and up to ``jitter_ms`` more, in the order sent; the rate stays as it is."""

    delay_ms: int
    jitter_ms: int = 0
    seed: int = 0  # of the jitter
    name: ClassVar[str] = "latency"

    @property
    def what(self) -> str:
        """The delay, and its jitter."""
        return f"latency {self.delay_ms} ms" + (f" and up to {self.jitter_ms} more" if self.jitter_ms else "")

    @property
    def effect(self) -> Effect:
        """Delays of the same direction add up."""
        return Effect(delay_s=self.delay_ms / 1000, jitter_s=self.jitter_ms / 1000, seed=self.seed)

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """Up to a fifth of a second, and as much jitter."""
        return cls(
            draw.integer(1, _LONGEST_MS),
            draw.integer(0, _LONGEST_MS),
            draw.integer(0, 0xFFFF),
            direction=drawn_direction(draw),
        )
