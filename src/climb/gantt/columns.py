"""A row laid out in columns: exact where a column is a tick or less; one of several ticks shows what ran longest in it.

It shows nothing if most of it was idle. Were idleness a label among others, a processor that is busy with many short spans would
look idle. And it shows a mixture if nothing ran for a third of its busy ticks: of twenty that take turns, none is to look as if it
were alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from climb.gantt.axis import Window
from climb.gantt.model import Row

__all__ = ["MIXED", "Run", "Scale", "runs"]

MIXED = ""  # the label of a mixture; no span has it

_PER_COLUMN = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)  # tenths of a power of ten


class Run(NamedTuple):
    """Columns of one label, from ``start`` up to and without ``end``; without a label (None) nothing ran."""

    start: int
    end: int
    label: str | None


class Scale(NamedTuple):
    """How ticks become columns: several columns for a tick, or several ticks for a column; one of the two is 1."""

    window: Window
    columns_per_tick: int
    ticks_per_column: int

    @classmethod
    def fitting(cls, window: Window, room: int, *, wanted: int = 1) -> Scale:
        """At most ``room`` columns: ``wanted`` for a tick, fewer if need be, or as few ticks a column as can be said roundly."""
        if window.length <= room:
            return cls(window, min(wanted, room // window.length), 1)
        return cls(window, 1, _round_up(-(-window.length // room)))

    @property
    def columns(self) -> int:
        return -(-self.window.length // self.ticks_per_column) * self.columns_per_tick

    def column(self, time: int) -> int:
        """The column that begins at this time, or has it within."""
        return (time - self.window.begin) * self.columns_per_tick // self.ticks_per_column


def runs(row: Row, scale: Scale) -> list[Run]:
    """The whole of a row within the scale's window, idle stretches included."""
    found = _exact(row, scale) if scale.ticks_per_column == 1 else _merged(_longest(row, scale))
    return list(_with_idle(found, scale.columns))


def _exact(row: Row, scale: Scale) -> Iterator[Run]:
    for label, start, end in _within(row, scale.window):
        yield Run(scale.column(start), scale.column(end), label)


def _within(row: Row, window: Window) -> Iterator[tuple[str, int, int]]:
    """What is seen of the spans; where two overlap, which they should not, the later one gives way."""
    free = window.begin
    for span in row.spans:
        start, end = max(span.start, free), min(span.end, window.end)
        if start < end:
            free = end
            yield span.label, start, end


def _longest(row: Row, scale: Scale) -> Iterator[Run]:
    """For each column that was busy for half of its ticks what ran longest in it, of equals what came first."""
    size, begin = scale.ticks_per_column, scale.window.begin
    shares: dict[str, int] = {}
    at = -1
    for label, start, end in _within(row, scale.window):
        first, last = (start - begin) // size, (end - 1 - begin) // size
        if first != at:
            yield from _decided(at, shares, size)
            at, shares = first, {}
        shares[label] = shares.get(label, 0) + min(end, begin + (first + 1) * size) - start
        if last > first:
            yield from _decided(at, shares, size)
            if last > first + 1:
                yield Run(first + 1, last, label)
            at, shares = last, {label: end - begin - last * size}
    yield from _decided(at, shares, size)


def _decided(column: int, shares: dict[str, int], size: int) -> Iterator[Run]:
    busy = sum(shares.values())
    if shares and 2 * busy >= size:
        label = max(shares, key=shares.__getitem__)
        yield Run(column, column + 1, label if 3 * shares[label] >= busy else MIXED)


def _merged(found: Iterator[Run]) -> Iterator[Run]:
    last: Run | None = None
    for run in found:
        if last is not None and last.end == run.start and last.label == run.label:
            last = Run(last.start, run.end, run.label)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _with_idle(found: Iterator[Run], columns: int) -> Iterator[Run]:
    at = 0
    for run in found:
        if run.start > at:
            yield Run(at, run.start, None)
        yield run
        at = run.end
    if at < columns:
        yield Run(at, columns, None)


def _round_up(least: int) -> int:
    power = 1
    while True:
        for tenths in _PER_COLUMN:
            if (tenths * power) % 10 == 0 and tenths * power // 10 >= least:
                return tenths * power // 10
        power *= 10
