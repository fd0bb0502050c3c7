"""Turns gathered into columns, as a schedule is played."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from climb.workbench.schedules.turns import COLUMNS, Turns

__all__ = ["Turn", "gathered"]

# start, end, ready, key, left, runtime, task, cpu, why: as in COLUMNS
Turn = tuple[int, int, int, int, int, int, int, int, int]

_KINDS: dict[str, Callable[[], array[Any]]] = {
    "f8": lambda: array("d"),
    "i4": lambda: array("i"),
    "u1": lambda: array("B"),
}
_BY_START = itemgetter(0, 7)


def gathered(turns: list[Turn]) -> Turns:
    """``turns`` as columns, sorted by start, then processor."""
    turns.sort(key=_BY_START)
    columns = {}
    for place, (name, kind) in enumerate(COLUMNS):
        column = _KINDS[kind]()
        column.extend(map(itemgetter(place), turns))
        columns[name] = column.tobytes()
    return Turns(len(turns), columns)
