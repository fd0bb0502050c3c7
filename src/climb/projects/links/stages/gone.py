"""Ways in which a part is away for one instance: its own road to it is cut, or carries nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum

from climb.judge.world.effects import Condition, Effect
from climb.judge.world.proxy import Proxy

__all__ = ["Loss", "lost"]


class Loss(StrEnum):
    """How a part is away."""

    GONE = "gone"
    SILENT = "silent"


_EFFECTS = {Loss.GONE: Effect(reset_after=0), Loss.SILENT: Effect(silent=True)}


@contextlib.contextmanager
def lost(road: Proxy, loss: Loss) -> Iterator[None]:
    """While the block lasts nothing passes: connections end and new ones are refused, or all of them stay and carry nothing.

    It is so from the first moment of the block on: nothing that was under way arrives.
    """
    condition = Condition(_EFFECTS[loss])
    road.put_on(condition)
    if loss is Loss.GONE:
        road.refuse()
    try:
        yield
    finally:
        if loss is Loss.GONE:
            road.accept()
        road.take_off(condition)
