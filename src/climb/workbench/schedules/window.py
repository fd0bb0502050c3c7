"""The stretch of time that is looked at, for pages without scripts: in, out, earlier, later, all."""

from __future__ import annotations

from collections.abc import Sequence

from climb.workbench.schedules.messages import Panel

__all__ = ["moved", "whole", "within"]

_CLOSEST = 8  # ticks
_STEP = 4  # a step along is this part of what is seen


def whole(panels: Sequence[Panel]) -> int:
    """The tick at which the last of the schedules ends, at least 1."""
    return max((_end(panel) for panel in panels), default=1) or 1


def within(window: tuple[int, int] | None, end: int) -> tuple[int, int]:
    """As much of ``window`` as there is; all, if none was asked for or nothing is there."""
    if window is None or window[0] >= end:
        return 0, end
    return window[0], min(window[1], end)


def moved(window: tuple[int, int] | None, end: int, how: str) -> tuple[int, int] | None:
    """``window``, or all up to ``end``, after one step; None is all."""
    begin, to = within(window, end)
    span = to - begin
    if how in ("in", "out"):
        wanted = max(span // 2, _CLOSEST) if how == "in" else span * 2
        return _within((begin + to - wanted) // 2, wanted, end)
    if how in ("earlier", "later"):
        step = max(span // _STEP, 1)
        return _within(begin - step if how == "earlier" else begin + step, span, end)
    return None


def _within(begin: int, span: int, end: int) -> tuple[int, int] | None:
    if span >= end:
        return None
    begin = min(max(begin, 0), end - span)
    return begin, begin + span


def _end(panel: Panel) -> int:
    ends = panel.turns.column("end")
    return int(max(ends, default=0))
