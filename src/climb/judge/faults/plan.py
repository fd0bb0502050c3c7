"""Which faults come when: drawn, so that a failing case shrinks to fewer, later and milder ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from climb.judge.faults.fault import Fault
from climb.judge.world.effects import Direction

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["AfterBytes", "AfterSeconds", "Moment", "Planned", "drawn_plan"]

_STEPS = 1000  # how finely a moment is drawn
_LONGEST_MS = 500


@dataclass(frozen=True)
class AfterBytes:
    """When exactly so many bytes have passed the proxy in this direction; the proxy waits until the fault is there."""

    count: int
    direction: Direction = Direction.TO_PROGRAM


@dataclass(frozen=True)
class AfterSeconds:
    """So long after the injection of faults began."""

    seconds: float


Moment = AfterBytes | AfterSeconds


@dataclass(frozen=True)
class Planned:
    """A fault, when it comes, and for how long it stays."""

    fault: Fault
    after: Moment
    lasts_s: float = 0.0


def drawn_plan(
    draw: Draws, kinds: Sequence[type[Fault]], *, within: Moment, at_most: int = 3, at_least: int = 0
) -> list[Planned]:
    """Faults of these kinds, the first the simplest, at moments up to ``within``; simpler are fewer, later, shorter ones."""

    def one() -> Planned:
        after = _moment(within, 1 - draw.integer(0, _STEPS - 1) / _STEPS)
        kind = draw.choice(kinds)
        return Planned(kind.drawn(draw), after, draw.integer(0, _LONGEST_MS) / 1000)

    return draw.some(one, at_most=at_most, at_least=at_least, usually=max((at_most + at_least) // 2, 1))


def _moment(within: Moment, share: float) -> Moment:
    if isinstance(within, AfterBytes):
        return AfterBytes(round(within.count * share), within.direction)
    return AfterSeconds(within.seconds * share)
