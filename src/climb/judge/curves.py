"""Measurements over time, made small enough for evidence without losing what matters in them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["thinned"]

_MOST = 200  # a plot has about as many places


def thinned(points: Sequence[tuple[float, float]], *, most: int = _MOST) -> tuple[tuple[float, float], ...]:
    """At most ``most`` (at least 4) of the points, in their order: the first, the last, and of each stretch the lowest and the highest."""
    if len(points) <= most:
        return tuple(points)
    inner = range(1, len(points) - 1)
    stretches = (most - 2) // 2
    kept = {0, len(points) - 1}
    for number in range(stretches):
        stretch = inner[number * len(inner) // stretches : (number + 1) * len(inner) // stretches]
        kept |= {min(stretch, key=lambda at: points[at][1]), max(stretch, key=lambda at: points[at][1])}
    return tuple(points[at] for at in sorted(kept))
