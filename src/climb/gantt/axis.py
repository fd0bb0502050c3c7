"""The axis of time: what a chart shows of it, and where its round numbers are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from climb.gantt.model import Row

__all__ = ["Window", "around", "bounds", "round_step", "round_ticks"]

_STEPS = (1, 2, 5)


class Window(NamedTuple):
    """A stretch of time: from ``begin`` up to and without ``end``, which is later."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.begin


def bounds(rows: Iterable[Row], moment: int | None = None) -> Window:
    """All that the rows and the moment need. It begins at 0, unless most of it would be empty."""
    spans = [span for row in rows for span in row.spans]
    pointed = [] if moment is None else [moment]
    first = min([span.start for span in spans] + pointed, default=0)
    end = max([span.end for span in spans] + pointed, default=0)
    begin = 0 if 0 <= first <= end - first else first
    return Window(begin, max(end, begin + 1))


def around(whole: Window, moment: int, length: int) -> Window:
    """``length`` of ``whole``, with the moment about its middle; all of it if it is no longer than that."""
    if whole.length <= length:
        return whole
    begin = min(max(moment - length // 2, whole.begin), whole.end - length)
    return Window(begin, begin + length)


def round_step(least: float) -> int:
    """The smallest 1, 2 or 5 times a power of ten that is not below ``least``, at least 1."""
    return next(step for step in _round(_STEPS) if step >= least)


def round_ticks(window: Window, step: int) -> Sequence[int]:
    """The multiples of ``step`` within the window, its end included."""
    return range(-(-window.begin // step) * step, window.end + 1, step)


def _round(steps: Sequence[int]) -> Iterator[int]:
    power = 1
    while True:
        yield from (power * step for step in steps)
        power *= 10
