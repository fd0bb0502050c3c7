"""Who runs when: in blocks of four heats, A B B A, so that neither side has the better half of a machine that warms up or tires."""

from __future__ import annotations

import random
from collections.abc import Iterator

from climb.races.race import Name

__all__ = ["BLOCK", "blocks"]

BLOCK = 4
_ORDERS: tuple[tuple[Name, ...], ...] = (("yours", "ours", "ours", "yours"), ("ours", "yours", "yours", "ours"))


def blocks(seed: str) -> Iterator[tuple[Name, ...]]:
    """Block after block without end, each in one of the two orders. The same seed gives the same orders.

    Two heats that follow each other make a pair, and whatever grows steadily from heat to heat is the same for both sides of a block.
    """
    chance = random.Random(f"order/{seed}")
    while True:
        yield chance.choice(_ORDERS)
