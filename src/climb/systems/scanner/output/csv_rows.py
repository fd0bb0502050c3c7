"""Writes comma-separated values: a header, then a row for each port."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING

from climb.systems.scanner.model import Http, State, Tls
from climb.systems.scanner.output.outlet import Outlet
from climb.systems.scanner.output.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from climb.systems.scanner.model import Found, Summary
    from climb.systems.scanner.output.writer import Request

__all__ = ["COLUMNS", "CsvRows", "guarded"]

_PORT = ("host", "address", "port", "state", "service", "rtt_ms", "reason", "os", "banner")
_HTTP = ("status", "server", "title", "location")
_TLS = ("version", "subject", "issuer", "not_after", "alpn")

COLUMNS = (*_PORT, *(f"http_{name}" for name in _HTTP), *(f"tls_{name}" for name in _TLS))

# What a spreadsheet takes for the beginning of a formula, in both widths that East Asian ones know. A tab or a line
# break in front is skipped by some of them, so the first visible character decides.
_FORMULA = tuple("=+-@＝＋－＠")

_NOTHING_HTTP, _NOTHING_TLS = Http(), Tls()


def guarded(text: str) -> str:
    """``text`` such that a spreadsheet shows it and never computes it: an apostrophe goes before what looks like a formula."""
    shown = plain(text)
    return f"'{shown}" if text.lstrip().startswith(_FORMULA) else shown


class CsvRows:
    """A row for each port as soon as it is known; what is absent is an empty field, and there is no summary row."""

    def __init__(self, stream: IO[str], request: Request) -> None:
        self._outlet = Outlet(stream)
        self._show_all = request.show_all
        self._row = io.StringIO()
        self._csv = csv.writer(self._row, lineterminator="\n")
        self._write(COLUMNS)

    def found(self, found: Found) -> None:
        if self._show_all or found.state is State.OPEN:
            self._write(_fields(found))

    def finish(self, summary: Summary, *, interrupted: bool = False) -> None:
        """Nothing is left to do: each row went out when it was known."""

    def _write(self, fields: Iterable[object]) -> None:
        self._csv.writerow([guarded(field) if isinstance(field, str) else field for field in fields])
        self._outlet.write(self._row.getvalue().encode())
        self._row.seek(0)
        self._row.truncate()


def _fields(found: Found) -> Iterable[object]:
    yield from (getattr(found, name) for name in _PORT)
    yield from (getattr(found.http or _NOTHING_HTTP, name) for name in _HTTP)
    yield from (getattr(found.tls or _NOTHING_TLS, name) for name in _TLS)
