"""The race of scanners: ports a second of a range in which nearly every port refuses."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from climb.judge.expect import expect
from climb.judge.listening import listens
from climb.judge.world.scripts import page
from climb.projects.scanner.report import Scanner
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_PORTS = 20_000
_LAST = 65_535
_SERVERS = 4
_CONCURRENCY = 500
_MOST_S = 120.0


@contextlib.asynccontextmanager
async def _range(field: Field) -> AsyncIterator[HeatOf]:
    world = field.world
    servers = [await world.listener(page("hello")) for _ in range(_SERVERS)]
    first = field.draw.integer(1, _LAST - _PORTS + 1)
    last = first + _PORTS - 1
    mine = {server.port for server in servers if first <= server.port <= last}
    words = (world.host, "--ports", f"{first}-{last}", "--concurrency", _CONCURRENCY, "--timeout", 1)

    async def heat(side: Side) -> float:
        scanner: Scanner = side.driver
        with field.measured():
            report = await scanner(*words, seconds=_MOST_S)
        others = {port for port in report.open_ports - mine if await listens(world.host, port)}
        expect(report.open_ports - others, "open ports").equals(
            mine, why="A heat counts only if its answers are right: the ports with a server are open, and no other."
        )
        expect(report.summary.get("ports"), "ports in the summary").equals(
            _PORTS, why=f"{first} to {last} are {_PORTS:,} ports, and a heat has to ask all of them."
        )
        return _PORTS / report.call.seconds

    yield heat


RACES = (
    Race(
        id="range",
        title=f"A range of {_PORTS:,} ports",
        unit="ports/s",
        better="higher",
        stages=("open-port", "port-lists", "closed-or-filtered", "concurrency"),
        tells="What your program does for each port beside the connect itself, its start included: threads, tasks, timers, lines printed one by one.",
        run=_range,
    ),
)
