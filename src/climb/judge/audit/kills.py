"""Kills at moments that are drawn: after so many acknowledgements, and a few milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from climb.judge.drivers.instance import Instance
from climb.judge.faults.fault import Place

if TYPE_CHECKING:
    from climb.judge.world.draws import Draws

__all__ = ["Killing", "drawn_kills", "place_of"]

_LONGEST_DELAY_MS = 20  # acknowledgements are some milliseconds apart
_LONGEST_DOWN_MS = 300


@dataclass(frozen=True)
class Killing:
    """What is killed, ``delay_ms`` after so many further acknowledgements, and for how long it stays dead."""

    place: Place
    acknowledged: int
    delay_ms: int = 0
    down_ms: int = 0


def place_of(instance: Instance) -> Place:
    """The place of a service: it can be killed, and starts again as it was."""
    return Place(program=instance, start=instance.start)


def drawn_kills(
    draw: Draws, places: Sequence[Place], *, at_least: int = 1, at_most: int = 3, acknowledged: int = 40
) -> list[Killing]:
    """Kills of these places, one after the other, each after at most so many acknowledgements; simpler are fewer and later ones.

    Each place is killed once before one is killed again, if there are enough kills.
    """
    order = draw.sample(list(range(len(places))), len(places))

    def one() -> tuple[int, int, int]:
        after = acknowledged - draw.integer(0, acknowledged - 1)
        return after, draw.integer(0, _LONGEST_DELAY_MS), draw.integer(0, _LONGEST_DOWN_MS)

    drawn = draw.some(one, at_least=at_least, at_most=at_most, usually=(at_least + at_most + 1) // 2)
    return [Killing(places[order[number % len(order)]], *each) for number, each in enumerate(drawn)]
