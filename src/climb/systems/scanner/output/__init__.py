"""Turns results into text: for programs, for spreadsheets, for nmap's readers and for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Literal

from climb.systems.scanner.output.csv_rows import CsvRows
from climb.systems.scanner.output.jsonlines import JsonLines
from climb.systems.scanner.output.nmap_xml import NmapXml
from climb.systems.scanner.output.progress import Progress
from climb.systems.scanner.output.table import Table
from climb.systems.scanner.output.writer import Request, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["WRITERS", "Kind", "Progress", "Writer", "make_writer"]

Kind = Literal["json", "csv", "nmap-xml", "table"]

WRITERS: Mapping[Kind, Callable[[IO[str], Request], Writer]] = {
    "json": JsonLines,
    "csv": CsvRows,
    "nmap-xml": NmapXml,
    "table": Table,
}


def make_writer(
    kind: Kind,
    stream: IO[str],
    *,
    command_line: list[str],
    show_all: bool,
    started_at: datetime | None = None,
) -> Writer:
    """A writer of that kind on ``stream``. Hand it every result: what it shows is its own affair."""
    request = Request(
        command_line=tuple(command_line),
        show_all=show_all,
        started_at=started_at or datetime.now(UTC),
    )
    return WRITERS[kind](stream, request)
