"""Tables as text, beside charts: in columns where they fit, else the facts of each row behind its first cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from climb.gantt.words import on_one_line

__all__ = ["Line", "are_figures", "columns_needed", "table"]

_GAP = 2
_FIGURE = re.compile(r"[-+−]?[\d,.]*\d(?: %)?|-|–|")


class Line(NamedTuple):
    """One line of a table, and what it is."""

    text: str
    kind: Literal["head", "row", "marked"]


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    mark: int | None = None,
    ascii: bool = False,  # noqa: A002 - what else to call it
) -> list[Line]:
    """Headings and rows in lines of at most ``width`` columns, as long as no single word is longer; ``mark`` has an arrow."""
    heads = [on_one_line(name, ascii=ascii) for name in columns]
    cells = [[on_one_line(cell, ascii=ascii) for cell in row] for row in rows]
    pointer = "" if mark is None else "->" if ascii else "→"
    margin = len(pointer) + 1 if pointer else 0
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    if margin + sum(widths) + _GAP * (len(widths) - 1) <= width:
        return list(_in_columns(heads, cells, widths, mark, pointer, margin))
    return [line for at, row in enumerate(cells) for line in _stacked(heads, row, width, pointer, margin, at == mark)]


def columns_needed(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How wide a table without a mark has to be so that its rows are lines."""
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    return sum(widths) + _GAP * (len(widths) - 1)


def are_figures(cells: Sequence[str]) -> bool:
    """Whether a column tells sizes, so that its cells stand at its right; empty cells and dashes may be among them."""
    return bool(cells) and all(_FIGURE.fullmatch(cell.strip()) for cell in cells)


def _in_columns(
    heads: list[str], rows: list[list[str]], widths: list[int], mark: int | None, pointer: str, margin: int
) -> Iterator[Line]:
    right = [are_figures([row[at] for row in rows]) for at in range(len(heads))]
    yield Line(" " * margin + _line(heads, widths, right), "head")
    for at, row in enumerate(rows):
        marked = at == mark
        before = (pointer if marked else "").ljust(margin)
        yield Line(before + _line(row, widths, right), "marked" if marked else "row")


def _line(cells: Sequence[str], widths: list[int], right: list[bool]) -> str:
    placed = (
        " " * (width - cell_len(cell)) + cell if at_right else set_cell_size(cell, width)
        for cell, width, at_right in zip(cells, widths, right, strict=True)
    )
    return (" " * _GAP).join(placed).rstrip()


def _stacked(heads: list[str], row: list[str], width: int, pointer: str, margin: int, marked: bool) -> Iterator[Line]:
    """``→ C  state: ready, left: 2``, on as many lines as it needs."""
    kind: Literal["row", "marked"] = "marked" if marked else "row"
    facts = [f"{name}: {cell}" for name, cell in zip(heads[1:], row[1:], strict=True) if cell]
    line = (pointer if marked else "").ljust(margin) + row[0] + " "
    for number, fact in enumerate(facts):
        ended = fact + "," * (number < len(facts) - 1)
        if cell_len(line) + 1 + cell_len(ended) > width:
            yield Line(line.rstrip(), kind)
            line = " " * (margin + 1)
        line += f" {ended}"
    yield Line(line.rstrip(), kind)
