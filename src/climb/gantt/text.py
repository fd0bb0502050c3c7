"""Gantt charts for a terminal: exact to the column, readable without colour, in plain ASCII where need be.

Each span begins with its label, or with one sign if there is no room for it; then a line fills it up to its end:

                         ▼ at 4
    yours, cpu 0         A━━━━━━━B═══C─
    by the rules, cpu 0  A━━━━━━━C─B═══
                         ┴───┴───▲───┴───
                         0   2   4   6  ticks

Where time is longer than the line is wide, a column is several ticks and shows what ran longest in it, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from climb.gantt.axis import Window, bounds, round_step, round_ticks
from climb.gantt.columns import MIXED, Run, Scale, runs
from climb.gantt.model import Row, Span
from climb.gantt.signs import OTHERS, labels_of, signs_for
from climb.gantt.words import on_one_line

__all__ = ["Kind", "Piece", "chart", "draw"]

_LEAST = 20  # columns; nothing can be read below
_READABLE = 4  # columns for a tick, where there is room
_KEY_LINES = 4
_MANY_TICKS = 1000  # more than any terminal has columns

Kind = Literal["label", "span", "idle", "mixed", "axis", "moment", "note"]


class Piece(NamedTuple):
    """Part of a line, and what it is: of a span also the number of its label, by which it may be coloured."""

    text: str
    kind: Kind
    number: int = -1


class _Strokes(NamedTuple):
    fills: str  # of the labels in turn
    idle: str
    floor: str
    tick: str
    down: str
    up: str
    cut: str
    mixed: str


_FULL = _Strokes("━═─┅", "·", "─", "┴", "▼", "▲", "…", "▒")
_ASCII = _Strokes("=-~_", ".", "-", "+", "v", "^", ".", "%")


def draw(
    rows: Sequence[Row],
    *,
    width: int,
    moment: int | None = None,
    unit: str = "ticks",
    ascii: bool = False,  # noqa: A002 - what else to call it
    window: Window | None = None,
    order: Sequence[str] = (),
) -> list[str]:
    """The chart in lines of at most ``width`` columns. ``window`` shows part of the time; ``order`` lists the labels."""
    lines = chart(rows, width=width, moment=moment, unit=unit, ascii=ascii, window=window, order=order)
    return ["".join(piece.text for piece in line).rstrip() for line in lines]


def chart(
    rows: Sequence[Row],
    *,
    width: int,
    moment: int | None = None,
    unit: str = "ticks",
    ascii: bool = False,  # noqa: A002 - as above
    window: Window | None = None,
    order: Sequence[str] = (),
    continued: bool = False,
) -> list[tuple[Piece, ...]]:
    """The same in pieces, for those who colour them.

    ``continued`` is for charts below one another that make one: each tick has one column, and none says which part it is.
    """
    shown = _harmless(rows, ascii=ascii)
    order = [on_one_line(label, ascii=ascii) for label in order]
    whole = bounds(shown, moment)
    part = window or whole
    wanted = 1 if continued else max(_READABLE, _columns_for_labels(shown, part))
    drawing = _Drawing(shown, max(width, _LEAST), part, order, wanted=wanted, ascii=ascii)
    return list(drawing.lines(moment, unit, part if continued else whole))


class _Drawing:
    """One chart: its rows, how time becomes columns, and how each label looks."""

    def __init__(
        self,
        rows: list[Row],
        width: int,
        window: Window,
        order: Sequence[str],
        *,
        wanted: int,
        ascii: bool,  # noqa: A002 - as above
    ) -> None:
        self._rows = rows
        self._width = width
        self._strokes = _ASCII if ascii else _FULL
        names = max((cell_len(row.label) for row in rows), default=0)
        self._beside = 0 < names <= width * 2 // 5 - 2  # else each name stands above its row
        self._margin = names + 2 if self._beside else 0
        self._scale = Scale.fitting(window, width - self._margin - 1, wanted=wanted)
        self._labels = labels_of(rows, order)
        self._numbers = {label: number for number, label in enumerate(self._labels)}
        self._signs = signs_for(self._labels)
        self._abbreviated: set[str] = set()
        self._mixed = False

    def lines(self, moment: int | None, unit: str, whole: Window) -> Iterator[tuple[Piece, ...]]:
        """Above the rows the moment, below them the axis, what is to be known to read them, and the key."""
        pointed = (
            moment if moment is not None and self._scale.window.begin <= moment <= self._scale.window.end else None
        )
        if pointed is not None:
            yield self._moment(pointed)
        for row in self._rows:
            yield from self._row(row)
        yield from self._axis(pointed, unit)
        yield from self._notes(unit, whole)

    def _moment(self, moment: int) -> tuple[Piece, ...]:
        column, words = self._margin + self._scale.column(moment), f"at {moment:,}"
        after = f"{self._strokes.down} {words}"
        if column + len(after) <= self._width:
            return (Piece(" " * column + after, "moment"),)
        return (Piece(f"{words} {self._strokes.down}".rjust(column + 1), "moment"),)

    def _row(self, row: Row) -> Iterator[tuple[Piece, ...]]:
        cells = list(self._cells(runs(row, self._scale)))
        if self._beside:
            yield (Piece(set_cell_size(row.label, self._margin), "label"), *cells)
            return
        if row.label:
            yield (Piece(self._fitted(row.label, self._width), "label"),)
        yield tuple(cells)

    def _cells(self, found: list[Run]) -> Iterator[Piece]:
        after_letter = False
        for run in found:
            if run.label is None:
                yield Piece(self._strokes.idle * (run.end - run.start), "idle")
                after_letter = False
                continue
            if run.label == MIXED:
                self._mixed = True
                yield Piece(self._strokes.mixed * (run.end - run.start), "mixed")
                after_letter = False
                continue
            text = self._span(run.label, run.end - run.start, bare=after_letter)
            yield Piece(text, "span", self._numbers[run.label])
            after_letter = len(text) == 1

    def _span(self, label: str, columns: int, *, bare: bool) -> str:
        """The label, if it can be told from what stands beside it, or its sign; and a line up to the end of the span."""
        number = self._numbers[label]
        fill = self._strokes.fills[number % len(self._strokes.fills)]
        whole = cell_len(label) < columns and not bare
        if not whole and self._signs[label] != label:
            self._abbreviated.add(label)
        head = label if whole else self._signs[label]
        return head + fill * (columns - cell_len(head))

    def _axis(self, moment: int | None, unit: str) -> Iterator[tuple[Piece, ...]]:
        scale, strokes, margin = self._scale, self._strokes, " " * self._margin
        least = (len(f"{scale.window.end:,}") + 2) * scale.ticks_per_column / scale.columns_per_tick
        ticks = round_ticks(scale.window, round_step(least))
        floor = [strokes.floor] * (scale.columns + 1)
        for tick in ticks:
            floor[scale.column(tick)] = strokes.tick
        pieces = [Piece(margin + "".join(floor), "axis")]
        if moment is not None:
            at = scale.column(moment)
            before, after = margin + "".join(floor[:at]), "".join(floor[at + 1 :])
            pieces = [Piece(before, "axis"), Piece(strokes.up, "moment"), Piece(after, "axis")]
        yield tuple(pieces)
        yield (Piece(self._numbers_line(ticks, unit), "axis"),)

    def _numbers_line(self, ticks: Sequence[int], unit: str) -> str:
        """The numbers below their ticks, as far as they leave room for the unit at the end."""
        line = ""
        for tick in ticks:
            column, text = self._margin + self._scale.column(tick), f"{tick:,}"
            if column + len(text) + 1 + cell_len(unit) <= self._width:
                line = line.ljust(column) + text
        return f"{line} {unit}"

    def _notes(self, unit: str, whole: Window) -> Iterator[tuple[Piece, ...]]:
        window = self._scale.window
        if window != whole:
            yield from self._flow([f"Shown: {window.begin:,} to {window.end:,} of {whole.end:,} {unit}."])
        each = self._scale.ticks_per_column
        if each > 1:
            mixed = f", {self._strokes.mixed} if nothing ran for a third of it" if self._mixed else ""
            said = f"One column is {each:,} {unit} and shows what ran longest in it; {self._strokes.idle} if most of it was idle"
            yield from self._flow([f"{said}{mixed}."])
        used = [label for label in self._labels if label in self._abbreviated]
        named = [f"{self._signs[label]} {label}" for label in used if self._signs[label] != OTHERS]
        others = len(used) - len(named)
        key = list(self._flow([*named, f"{OTHERS} {others:,} more"] if others else named))
        yield from key[:_KEY_LINES]
        if len(key) > _KEY_LINES:
            yield (Piece(f"{self._strokes.cut} the key goes on", "note"),)

    def _flow(self, items: Sequence[str]) -> Iterator[tuple[Piece, ...]]:
        """Items side by side, two columns between them; words of one that is too long on several lines."""
        line = ""
        for item in items:
            for part in [item] if cell_len(item) <= self._width else item.split(" "):
                gap = "  " if part is item else " "
                if line and cell_len(line) + len(gap) + cell_len(part) > self._width:
                    yield (Piece(line, "note"),)
                    line = ""
                line = line + gap + part if line else self._fitted(part, self._width)
        if line:
            yield (Piece(line, "note"),)

    def _fitted(self, text: str, room: int) -> str:
        return text if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + self._strokes.cut


def _columns_for_labels(rows: Sequence[Row], window: Window) -> int:
    """How many columns a tick would need so that each label fits into its spans; more than can be had does not matter."""
    if window.length > _MANY_TICKS:
        return 1
    spans = [span for row in rows for span in row.spans if span.start < window.end and span.end > window.begin]
    return max((-(-_needed(span) // max(span.end - span.start, 1)) for span in spans), default=1)


def _needed(span: Span) -> int:
    return cell_len(span.label) + 1 if len(span.label) > 1 else 1


def _harmless(rows: Sequence[Row], *, ascii: bool) -> list[Row]:  # noqa: A002 - as above
    words = cache(partial(on_one_line, ascii=ascii))  # there are few labels, and maybe many spans
    return [
        Row(words(row.label), tuple(Span(span.start, span.end, words(span.label)) for span in row.spans))
        for row in rows
    ]
