"""Names one after the other, as many to a line as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

__all__ = ["SideBySide"]


class SideBySide:
    """``items``, each whole, with ``between`` after all but the last; lines begin at column ``indent``."""

    def __init__(self, items: Sequence[str], *, indent: int = 0, between: str = ", ", style: str = "") -> None:
        self._items = items
        self._between = between
        self._indent = indent
        self._style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._lines(options.max_width - self._indent):
            yield Text(" " * self._indent + line, style=self._style)

    def _lines(self, width: int) -> Iterator[str]:
        line = ""
        for number, item in enumerate(self._items, 1):
            piece = item if number == len(self._items) else item + self._between
            if line and cell_len((line + piece).rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece
        if line:
            yield line
