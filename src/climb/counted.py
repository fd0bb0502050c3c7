"""Numbers with their nouns, as texts for people have them: one of a thing is not several."""

from __future__ import annotations

__all__ = ["counted", "times"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 step``, ``2 steps``, ``20,000 steps``; with ``many`` where an s is not enough: ``1 entry``, ``2 entries``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """How often: ``once``, ``2 times``."""
    return "once" if number == 1 else f"{number:,} times"
