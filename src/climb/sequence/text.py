"""Sequence diagrams for a terminal, in the width that there is, readable without colour, in plain ASCII where need be.

    seconds    client 1                  program
      0.104    ├─ s1 17…40 ─────────────▶│
      0.131    │◀─────────────── ack 40 ─┤
      0.200    ┊                         ┊  … 212 messages
      0.400    │                         ✗ killed
      0.650    │                         ● started again
    → 0.702    ├─ s1 41…80 ────────────× │

A label that does not fit into its arrow stands above it. A bar beside the times shades a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from climb.gantt.words import on_one_line
from climb.sequence.model import Arrow, Diagram, Gap, Note, State
from climb.sequence.rows import Row, messages, ordered, rows, seconds

__all__ = ["Kind", "Piece", "draw", "lines"]

_LEAST = 30  # columns; nothing can be read below
_HEAD = "seconds"
_WIDEST_LANE = 40
_EDGE = 2  # columns after the last lane that belong to no name

Kind = Literal["head", "time", "line", "arrow", "lost", "note", "shade", "mark", "gap"]


class Piece(NamedTuple):
    """Part of a line, and what it is."""

    text: str
    kind: Kind


class _Strokes(NamedTuple):
    lives: dict[State, str]
    across: str
    broken: str
    leaves: tuple[str, str]  # to the right, to the left
    arrives: tuple[str, str]
    lost: str
    events: dict[State | None, str]
    gap: str
    shade: str
    mark: str
    cut: str


_FULL = _Strokes(
    {"running": "│", "paused": "║", "down": "·"}, "─", "╌", ("├", "┤"), ("▶", "◀"), "×",
    {"running": "●", "paused": "║", "down": "✗", None: "○"}, "┊", "▒", "→", "…",
)  # fmt: skip
_ASCII = _Strokes(
    {"running": "|", "paused": "H", "down": "."}, "-", "-", ("+", "+"), (">", "<"), "x",
    {"running": "o", "paused": "H", "down": "X", None: "o"}, ":", "#", ">", ".",
)  # fmt: skip


def draw(diagram: Diagram, *, width: int, ascii: bool = False) -> list[str]:  # noqa: A002 - what else to call it
    """The diagram in lines of at most ``width`` columns."""
    return ["".join(piece.text for piece in line).rstrip() for line in lines(diagram, width=width, ascii=ascii)]


def lines(diagram: Diagram, *, width: int, ascii: bool = False) -> list[tuple[Piece, ...]]:  # noqa: A002 - as above
    """The same in pieces, for those who colour them."""
    return list(_Drawing(diagram, max(width, _LEAST), ascii=ascii).lines())


class _Drawing:
    def __init__(self, diagram: Diagram, width: int, *, ascii: bool) -> None:  # noqa: A002 - as above
        self._diagram = diagram
        self._ascii = ascii
        self._strokes = _ASCII if ascii else _FULL
        times = [len(seconds(step.at)) for step in diagram.steps]
        self._time = max([len(_HEAD), *times])
        self._left = 2 + self._time + 3  # the mark, the time, the shade
        self._width = width
        self._names = [self._words(name) for name in diagram.actors]
        self._lanes = self._places()

    def lines(self) -> Iterator[tuple[Piece, ...]]:
        """The names, the faults, and the steps."""
        yield from self._heads()
        for row in rows(self._diagram):
            yield from self._row(row)

    def _places(self) -> list[int]:
        """The column of each actor's line: as far apart as the width allows, up to what can still be seen together."""
        count = len(self._names)
        last = cell_len(self._names[-1]) if self._names else 0
        room = self._width - self._left - max(min(last, 12), _EDGE)
        step = min(room // max(count - 1, 1), _WIDEST_LANE)
        return [self._left + number * step for number in range(count)]

    def _heads(self) -> Iterator[tuple[Piece, ...]]:
        """Names above their lines; on a line each where they don't fit beside one another."""
        ends = [*self._lanes[1:], self._width + 1]
        line = _Line(self._width)
        line.put(2, _HEAD.rjust(self._time), "time")
        if all(cell_len(name) < end - lane for name, lane, end in zip(self._names, self._lanes, ends, strict=True)):
            for name, lane in zip(self._names, self._lanes, strict=True):
                line.put(lane, name, "head")
            yield line.pieces()
            return
        for number, (name, lane) in enumerate(zip(self._names, self._lanes, strict=True)):
            for earlier in self._lanes[:number]:
                line.put(earlier, self._strokes.lives["running"], "line")
            line.put(min(lane, max(self._width - cell_len(name), 0)), self._fitted(name, self._width - lane), "head")
            yield line.pieces()
            line = _Line(self._width)

    def _row(self, row: Row) -> Iterator[tuple[Piece, ...]]:
        match row.step:
            case Arrow():
                yield from self._arrow(row, row.step)
            case Note():
                yield from self._note(row, row.step)
            case Gap():
                yield from self._gap(row, row.step)

    def _arrow(self, row: Row, arrow: Arrow) -> Iterator[tuple[Piece, ...]]:
        sender, receiver = ordered(self._diagram, arrow)
        begin, end = self._lanes[sender], self._lanes[receiver]
        label = self._words(arrow.label)
        inside = abs(end - begin) - 5 - (not arrow.arrived)
        fits = cell_len(label) <= inside
        if not fits:
            yield from self._above(row, label, min(begin, end))
        line = self._line(row, first=fits)
        self._stroke(line, begin, end, label if fits and inside > 0 else "", arrived=arrow.arrived)
        yield line.pieces()

    def _stroke(self, line: _Line, begin: int, end: int, label: str, *, arrived: bool) -> None:
        """From the sender's line to the receiver's, the label near the sender."""
        strokes, left = self._strokes, end < begin
        low, high = min(begin, end), max(begin, end)
        across = strokes.across if arrived else strokes.broken
        kind: Kind = "arrow" if arrived else "lost"
        line.put(low + 1, across * (high - low - 1), kind)
        line.put(begin, strokes.leaves[left], kind)
        head = high - 1 if not left else low + 1
        if arrived:
            line.put(head, strokes.arrives[left], kind)
        else:
            line.put(head - 1 if not left else low + 1, f"{strokes.lost} " if not left else f" {strokes.lost}", kind)
        if label:
            text = f" {label} "
            line.put(low + 2 if not left else high - 1 - cell_len(text), text, kind)

    def _above(self, row: Row, label: str, lane: int) -> Iterator[tuple[Piece, ...]]:
        """A label that is longer than its arrow, on as many lines as it needs."""
        for number, part in enumerate(_broken(label, max(self._width - lane - 2, 8))):
            line = self._line(row, first=number == 0)
            line.put(lane + 2, f"{part} ", "arrow" if not isinstance(row.step, Arrow) or row.step.arrived else "lost")
            yield line.pieces()

    def _note(self, row: Row, note: Note) -> Iterator[tuple[Piece, ...]]:
        label = self._words(note.label)
        if note.actor not in self._diagram.actors:
            yield from self._words_across(row, label, "shade")
            return
        lane = self._lanes[self._diagram.actors.index(note.actor)]
        sign = self._strokes.events[note.state]
        room = self._width - lane - 2
        line = self._line(row)
        line.put(lane, sign, "note")
        if cell_len(label) <= room:
            line.put(lane + 2, f"{label} ", "note")
            yield line.pieces()
        elif cell_len(label) <= lane - self._left - 3:
            line.put(lane - 2 - cell_len(label), f" {label} ", "note")
            yield line.pieces()
        else:
            yield line.pieces()
            yield from self._words_across(row, label, "note", first=False)

    def _gap(self, row: Row, gap: Gap) -> Iterator[tuple[Piece, ...]]:
        line = self._line(row)
        for lane in self._lanes:
            line.put(lane, self._strokes.gap, "gap")
        words = f"{'...' if self._ascii else '…'} {messages(gap)}"
        inner = self._lanes[1] - self._lanes[0] - 3 if len(self._lanes) > 1 else self._width - self._left - 2
        if cell_len(words) > inner:
            yield line.pieces()
            yield from self._words_across(row, words, "gap", first=False)
            return
        line.put(self._left + 2, words, "gap")
        yield line.pieces()

    def _words_across(self, row: Row, words: str, kind: Kind, *, first: bool = True) -> Iterator[tuple[Piece, ...]]:
        for number, part in enumerate(_broken(words, self._width - self._left - 2)):
            line = self._line(row, first=first and number == 0)
            line.put(self._left + 2, f"{part} ", kind)
            yield line.pieces()

    def _line(self, row: Row, *, first: bool = True) -> _Line:
        """The left margin, and every actor's line as it is at this row."""
        line = _Line(self._width)
        if first:
            line.put(2, seconds(row.step.at).rjust(self._time), "time")
        if first and row.marked:
            line.put(0, self._strokes.mark, "mark")
        if row.shaded:
            line.put(self._left - 2, self._strokes.shade, "shade")
        for lane, actor in zip(self._lanes, self._diagram.actors, strict=True):
            line.put(lane, self._strokes.lives[row.states[actor]], "line")
        return line

    def _words(self, text: str) -> str:
        return on_one_line(text, ascii=self._ascii)

    def _fitted(self, text: str, room: int) -> str:
        return text if cell_len(text) <= room else set_cell_size(text, max(room - 1, 0)).rstrip() + self._strokes.cut


class _Line:
    """One line, a cell for each column; what is put later covers what was there."""

    def __init__(self, width: int) -> None:
        self._cells: list[tuple[str, Kind]] = [(" ", "line")] * width

    def put(self, column: int, text: str, kind: Kind) -> None:
        """``text`` from this column on, as far as the line goes; a wide character takes two columns."""
        for character in text:
            size = cell_len(character)
            if not size or column + size > len(self._cells) or column < 0:
                column += size
                continue
            self._cells[column : column + size] = [(character, kind), ("", kind)][:size]
            column += size

    def pieces(self) -> tuple[Piece, ...]:
        """What is there, in as few pieces as can be."""
        end = max((at + 1 for at, (text, _) in enumerate(self._cells) if text.strip()), default=0)
        shown = self._cells[:end]
        borders = [at for at, (a, b) in enumerate(pairwise(shown), 1) if a[1] != b[1]]
        return tuple(
            Piece("".join(text for text, _ in shown[begin:until]), shown[begin][1])
            for begin, until in pairwise([0, *borders, end])
            if begin < until
        )


def _broken(text: str, width: int) -> Sequence[str]:
    """``text`` in lines of at most ``width`` columns, broken between words, or within one that is too long."""
    parts: list[str] = []
    for word in text.split():
        if parts and cell_len(parts[-1]) + 1 + cell_len(word) <= width:
            parts[-1] += f" {word}"
            continue
        rest = word
        while cell_len(rest) > width:
            piece = set_cell_size(rest, width).rstrip()
            parts.append(piece)
            rest = rest[len(piece) :]
        parts.append(rest)
    return parts or [""]
