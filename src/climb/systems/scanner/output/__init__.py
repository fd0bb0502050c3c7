"""Turns results into text: for programs, for spreadsheets, for nmap's readers and for people."""

from __future__ import annotations

import time
from importlib import import_module

from climb.systems.scanner.output.progress import Progress
from climb.systems.scanner.output.writer import Request, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

__all__ = ["WRITERS", "Progress", "Writer", "make_writer"]

WRITERS = {  # the module and the class of each kind, of which a scan needs one
    "json": ("jsonlines", "JsonLines"),
    "csv": ("csv_rows", "CsvRows"),
    "nmap-xml": ("nmap_xml", "NmapXml"),
    "table": ("table", "Table"),
}


def make_writer(
    kind: str,
    stream: IO[str],
    *,
    command_line: list[str],
    show_all: bool,
    started_at: float | None = None,
) -> Writer:
    """A writer of that kind on ``stream``. Hand it every result: what it shows is its own affair."""
    request = Request(
        command_line=tuple(command_line),
        show_all=show_all,
        started_at=time.time() if started_at is None else started_at,
    )
    module, name = WRITERS[kind]
    make: Callable[[IO[str], Request], Writer] = getattr(import_module(f"{__name__}.{module}"), name)
    return make(stream, request)
