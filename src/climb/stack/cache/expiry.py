"""How long what is cached lives: a little less than it may, and never all of it for the same time."""

from __future__ import annotations

from random import Random

__all__ = ["jittered_ms"]


def jittered_ms(most_ms: int, random: Random, *, share: float = 0.1) -> int:
    """A time to live of at most ``most_ms`` and up to ``share`` less: what was cached together does not expire together.

    It is never more, so that a bound on how stale something may be holds.
    """
    return max(1, most_ms - int(random.random() * share * most_ms))
