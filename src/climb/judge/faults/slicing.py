"""Bytes come in small pieces: a segment ends where it likes, and never where a line does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from climb.counted import counted
from climb.judge.faults.fault import NetworkFault, drawn_direction
from climb.judge.world.effects import Effect

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Slicing"]

_LARGEST, _LONGEST_MS = 64, 5


@dataclass(frozen=True, eq=False)
class Slicing(NetworkFault):
    """At most ``piece_bytes`` at a time, and ``pause_ms`` between, so that a reader gets them one by one."""

    piece_bytes: int
    pause_ms: int = 1
    name: ClassVar[str] = "slicing"

    @property
    def what(self) -> str:
        """The size and the pause."""
        return f"pieces of {counted(self.piece_bytes, 'byte')}, {self.pause_ms} ms between"

    @property
    def effect(self) -> Effect:
        """Of several the smallest piece and the longest pause count."""
        return Effect(piece_bytes=self.piece_bytes, pause_s=self.pause_ms / 1000)

    @classmethod
    def drawn(cls, draw: Draws) -> Self:
        """Simplest are pieces of 64 bytes; the smallest is one."""
        return cls(
            _LARGEST - draw.integer(0, _LARGEST - 1),
            draw.integer(1, _LONGEST_MS),
            direction=drawn_direction(draw),
        )
