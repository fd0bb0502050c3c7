"""What becomes of links in the stage about staleness, drawn: kinds of changes, ways in which a part is away, and how long STALE_MS is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from climb.judge.world.draws import Draws
from climb.judge.world.effects import Condition
from climb.judge.world.proxy import Proxy
from climb.projects.links.rules.staleness import Part
from climb.projects.links.stages.gone import Loss

if TYPE_CHECKING:
    from climb.projects.links.stages.site import Site

__all__ = ["Kind", "Turn", "draw_kind", "draw_loss", "draw_stale_ms", "draw_turn", "slowed"]


class Kind(StrEnum):
    """What is done to a link."""

    CHANGE = "change"
    DELETE = "delete"
    END = "end"

    async def apply(self, site: Site, code: str, *, instance: int) -> None:
        """Do it, unless the link was deleted before: then there is nothing left to change."""
        if site.deleted(code):
            return
        if self is Kind.CHANGE:
            await site.change(code, instance=instance)
        elif self is Kind.DELETE:
            await site.delete(code, instance=instance)
        else:
            await site.end_at(code, 0.2, instance=instance)


def draw_kind(draw: Draws) -> Kind:
    """Mostly another target."""
    return draw.choice((Kind.CHANGE, Kind.CHANGE, Kind.DELETE, Kind.END))


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A part is away for one instance; meanwhile links are changed by the other one."""

    part: Part
    whom: int
    loss: Loss
    kinds: tuple[Kind, ...]
    before_s: float
    after_s: float


def draw_turn(draw: Draws) -> Turn:
    """For the first instance or the second."""
    return Turn(
        part=draw.choice((Part.CACHE, Part.DATABASE)),
        whom=draw.integer(0, 1),
        loss=draw_loss(draw),
        kinds=tuple(draw.some(lambda: draw_kind(draw), at_least=1, at_most=3)),
        before_s=draw.integer(0, 20) / 100,
        after_s=draw.integer(0, 30) / 100,
    )


def draw_loss(draw: Draws) -> Loss:
    """Gone is the simpler way to be away: whoever asks learns it at once."""
    return draw.choice((Loss.GONE, Loss.SILENT))


def draw_stale_ms(draw: Draws) -> int:
    """Short enough to be waited for, and no number that a program could be written to."""
    return draw.integer(250, 450)


@contextlib.contextmanager
def slowed(road: Proxy, condition: Condition) -> Iterator[None]:
    """The condition is in force on this road while the block lasts."""
    road.put_on(condition)
    try:
        yield
    finally:
        road.take_off(condition)
