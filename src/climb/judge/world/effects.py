"""What can be wrong on the way between a client and the program, as values; a proxy applies all that are in force together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Condition", "Direction", "Effect"]


class Direction(Enum):
    """Which way bytes go through a proxy."""

    TO_PROGRAM = "to the program"
    TO_CLIENT = "to the client"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What happens to the bytes; the default changes nothing. Times are seconds.

    ``holds`` and ``silent`` both forward nothing, and also keep an end of file back. After ``holds`` all goes on; a connection that
    was ``silent`` is reset at the end, since its two sides may no longer agree on what was sent (RFC 9293, section 3.5.1).
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 0
    bytes_per_s: int | None = None
    piece_bytes: int | None = None
    pause_s: float = 0.0
    holds: bool = False
    silent: bool = False
    reset_after: int | None = None


@dataclass(frozen=True, eq=False)
class Condition:
    """An effect in force: in one direction or both (None), on one connection, counted from 0, or on all, later ones too (None)."""

    effect: Effect
    direction: Direction | None = None
    connection: int | None = None

    def concerns(self, number: int, direction: Direction | None = None) -> bool:
        """Whether it is in force on this connection and, if one is given, in this direction."""
        here = self.connection in (None, number)
        return here and (direction is None or self.direction in (None, direction))
