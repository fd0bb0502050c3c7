"""Sizes and spans of time in a person's units."""

from __future__ import annotations

__all__ = ["size", "span"]


UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(number: int) -> str:
    """``512 B``, ``1.5 KiB``, ``23.5 GiB``: three figures at most before the unit grows."""
    if number < 1024:
        return f"{number} B"
    power = 1
    while power < len(UNITS) - 1 and number / 1024**power >= 1000:
        power += 1
    return f"{number / 1024**power:.1f} {UNITS[power]}"


def span(seconds: float) -> str:
    """The two largest units that say something: ``3 d 4 h``, ``16 min``, ``42 s``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    amounts = [(days, "d"), (hours, "h"), (minutes, "min")]
    shown = [f"{amount} {unit}" for amount, unit in amounts if amount][:2]
    return " ".join(shown) or f"{rest} s"
