"""Turns a report into text: JSON for programs, an overview for people."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Literal

import msgspec

from climb.systems.scanner.host.overview import overview
from climb.systems.scanner.output.outlet import Outlet
from climb.systems.scanner.output.terminal import console_on, show, symbols_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from climb.systems.scanner.host.report import HostReport

__all__ = ["Kind", "render"]

Kind = Literal["json", "table"]


def render(report: HostReport, kind: Kind, stream: IO[str]) -> None:
    """Write the report to ``stream``, as one JSON document or as text that fits the terminal."""
    RENDERERS[kind](report, stream)


def _json(report: HostReport, stream: IO[str]) -> None:
    Outlet(stream).write(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def _table(report: HostReport, stream: IO[str]) -> None:
    console = console_on(stream)
    show(console, *overview(report, console.width, symbols_for(stream)))


RENDERERS: Mapping[Kind, Callable[[HostReport, IO[str]], None]] = {"json": _json, "table": _table}
