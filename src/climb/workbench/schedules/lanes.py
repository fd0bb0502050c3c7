"""Turns in rows, one for each processor or each task, and what of them is seen in a stretch of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from climb.gantt.svg import TINTS
from climb.workbench.schedules.turns import Turns

__all__ = ["AXIS", "MOST_LANES", "TINTS", "Box", "Column", "Place", "Turn", "rows_of", "visible"]

AXIS = 24  # pixels below the rows
MOST_LANES = 24
_FEW = 4
_PITCH, _DENSE_PITCH = 28, 20  # pixels from one row to the next


class Place(NamedTuple):
    """How a chart's rows are set: ``shown`` of them, ``pitch`` pixels each."""

    shown: int
    pitch: int

    @classmethod
    def of(cls, rows: int) -> Place:
        """For so many rows; those beyond the most are reached by scrolling."""
        return cls(min(rows, MOST_LANES), _PITCH if rows <= _FEW else _DENSE_PITCH)

    @property
    def height(self) -> int:
        """Of the whole chart, axis included."""
        return self.shown * self.pitch + AXIS


class Turn(NamedTuple):
    """A task's turn in a row. ``before`` is the end of the turn before it in the row."""

    task: int
    start: float
    end: float
    ready: float
    before: float | None


class Box(NamedTuple):
    """A turn that is wide enough to be drawn by itself."""

    turn: Turn


class Column(NamedTuple):
    """A narrow piece of time with several turns: how many ticks each tint had. ``first`` is the first of the turns."""

    start: float
    end: float
    used: tuple[float, ...]
    first: Turn


def rows_of(turns: Turns, lanes: str, shown: int) -> list[list[Turn]]:
    """The first ``shown`` rows, each in the order of time."""
    rows: list[list[Turn]] = [[] for _ in range(shown)]
    keys, tasks = turns.column("cpu" if lanes == "cpu" else "task"), turns.column("task")
    starts, ends, ready = turns.column("start"), turns.column("end"), turns.column("ready")
    for key, task, start, end, since in zip(keys, tasks, starts, ends, ready, strict=True):
        if key < shown:
            row = rows[key]
            row.append(Turn(task, start, end, since, row[-1].end if row else None))
    return rows


def visible(row: Sequence[Turn], window: tuple[float, float], least: float) -> Iterator[Box | Column]:
    """What is seen of a row: turns shorter than ``least`` ticks that share a column of that width are put together."""
    many: list[Turn] = []
    border = 0.0
    for turn in row:
        if turn.end <= window[0]:
            continue
        if many and (turn.start >= border or turn.end - turn.start >= least):
            yield from _together(many, border - least, border)
            many = []
        if turn.start >= window[1] or turn.end - turn.start >= least:
            yield Box(turn)
            if turn.start >= window[1]:  # what leads to it may be seen
                return
            continue
        if not many:
            border = window[0] + ((turn.start - window[0]) // least + 1) * least
        many.append(turn)
    if many:
        yield from _together(many, border - least, border)


def _together(many: list[Turn], start: float, end: float) -> Iterator[Box | Column]:
    if len(many) == 1:
        yield Box(many[0])
        return
    used = [0.0] * TINTS
    for turn in many:
        used[turn.task % TINTS] += turn.end - turn.start
    yield Column(start, end, tuple(used), many[0])
