"""Writes for people: the open ports of each host, then one sentence.

Two shapes. Where there is room, columns, with one set of widths for all hosts. On a narrow terminal the facts of a port
go below it instead, since a last column of a few characters would break every word.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from climb.systems.scanner.model import State
from climb.systems.scanner.output.advice import advice
from climb.systems.scanner.output.hosts import Host
from climb.systems.scanner.output.plain import plain
from climb.systems.scanner.output.port_rows import PortRow, port_rows
from climb.systems.scanner.output.sentence import sentence
from climb.systems.scanner.output.terminal import console_on, show, symbols_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table as RichTable

    from climb.systems.scanner.model import Found, Summary
    from climb.systems.scanner.output.writer import Request

__all__ = ["Table"]

HEADINGS = ("port", "state", "service", "rtt", "what")
NARROWEST_FACTS = 24  # columns of a terminal; below this, facts are read more easily on a line of their own


class Table:
    """All of it when the scan ends: a host is complete only then, and a table that grows can't align its columns."""

    def __init__(self, stream: IO[str], request: Request) -> None:
        self._stream = stream
        self._request = request
        self._symbols = symbols_for(stream)
        self._hosts: dict[Host, list[Found]] = {}

    def found(self, found: Found) -> None:
        if self._request.show_all or found.state is State.OPEN:
            self._hosts.setdefault(Host.of(found), []).append(found)

    def finish(self, summary: Summary, *, interrupted: bool = False) -> None:
        console = console_on(self._stream)
        show(console, *self._hosts_part(console.width), *self._end(summary, interrupted=interrupted))

    def _hosts_part(self, width: int) -> Iterator[RenderableType]:
        from rich.text import Text

        now = datetime.fromtimestamp(self._request.started_at, UTC).astimezone()
        hosts = {
            host: port_rows(results, now, self._symbols)
            for host, results in sorted(self._hosts.items(), key=lambda item: item[0].rank)
        }
        layout = _Layout([row for rows in hosts.values() for row in rows], width, f" {self._symbols.dot} ")
        yield from layout.heading()
        for host, rows in hosts.items():
            yield Text(plain(host.title), style="bold")
            yield layout.render(rows)
            yield ""

    def _end(self, summary: Summary, *, interrupted: bool) -> Iterator[RenderableType]:
        from rich.text import Text

        yield Text(sentence(summary, interrupted=interrupted) + ".", style="bold")
        if not summary.open and not interrupted:
            yield from self._advice(summary)

    def _advice(self, summary: Summary) -> Iterator[RenderableType]:
        from rich.padding import Padding
        from rich.text import Text

        told = advice(summary, self._request)
        yield Text(told.meaning)
        for command, effect in told.commands:
            yield ""
            yield Padding(Text(effect, style="dim"), (0, 0, 0, 2))
            yield Text(f"    {command}", no_wrap=True, overflow="ignore")  # one line, so that it can be copied


class _Layout:
    """How the rows of all hosts are laid out in a terminal of a given width."""

    def __init__(self, rows: list[PortRow], width: int, separator: str) -> None:
        self._separator = separator
        cells = [HEADINGS[:-1], *((row.ports, row.state, row.service, row.rtt) for row in rows)]
        self._widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        self._empty = not rows
        self._in_columns = width - sum(self._widths) - 2 * len(self._widths) - 2 >= NARROWEST_FACTS

    def heading(self) -> Iterator[RenderableType]:
        """The names of the columns, where there are columns."""
        from rich.padding import Padding
        from rich.text import Text

        if self._in_columns and not self._empty:
            grid = self._grid()
            grid.add_column()
            grid.add_row(*(Text(name, "dim") for name in HEADINGS))
            yield Padding(grid, (0, 0, 0, 2))

    def render(self, rows: list[PortRow]) -> RenderableType:
        from rich.padding import Padding

        return Padding(self._columns(rows) if self._in_columns else self._stacked(rows), (0, 0, 0, 2))

    def _columns(self, rows: list[PortRow]) -> RenderableType:
        grid = self._grid()
        grid.add_column(overflow="fold")
        for row in rows:
            grid.add_row(*self._cells(row), self._facts(row))
        return grid

    def _stacked(self, rows: list[PortRow]) -> RenderableType:
        from rich.console import Group
        from rich.padding import Padding

        parts: list[RenderableType] = []
        for row in rows:
            grid = self._grid()
            grid.add_row(*self._cells(row))
            parts.append(grid)
            if row.facts:
                parts.append(Padding(self._facts(row), (0, 0, 0, 2)))
        return Group(*parts)

    def _grid(self) -> RichTable:
        from rich.table import Table as RichTable

        grid = RichTable.grid(padding=(0, 2, 0, 0))
        for position, width in enumerate(self._widths):
            grid.add_column(width=width, justify="right" if position in {0, 3} else "left", overflow="fold")
        return grid

    def _cells(self, row: PortRow) -> list[RenderableType]:
        from rich.text import Text

        style = "bold" if row.state is State.OPEN else "dim"
        return [Text(row.ports, style), Text(row.state, style), Text(row.service), Text(row.rtt, "dim")]

    def _facts(self, row: PortRow) -> RenderableType:
        from rich.text import Text

        return Text(self._separator.join(row.facts), "" if row.state is State.OPEN else "dim", overflow="fold")
