"""Scanning from a program: an async iterator, and the plain iterator that says the same without asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from climb.systems.scanner.engine import Engine
from climb.systems.scanner.plan import Plan
from climb.systems.scanner.ports import DEFAULT_PORTS, parse_ports, unique_ports
from climb.systems.scanner.targets import parse_targets

if TYPE_CHECKING:
    from climb.systems.scanner.model import Found

__all__ = ["scan", "scan_blocking"]


def scan_blocking(
    targets: str | Iterable[str],
    *,
    ports: str | Iterable[int] = DEFAULT_PORTS,
    timeout_s: float = 1.0,
    concurrency: int = 100,
    rate: float | None = None,
    retries: int = 1,
    adaptive: bool = False,
    probe: bool = True,
    report_all: bool = False,
    allow_many: bool = False,
) -> Iterator[Found]:
    """Each open port of *targets*, as soon as all is known about it; with *report_all* closed and filtered ones too.

    Targets are written as on the command line; several of them as a list. Ports are a list of numbers, or written as on
    the command line. Raises ScanUsageError, before anything is scanned, for what can't be meant, such as a name that
    does not resolve or, unless *allow_many*, more than 65,536 hosts. Closing the iterator closes all connections.

        for found in scan_blocking("127.0.0.1", ports="1-1024"):
            print(found.port, found.service)

    While the caller is busy between two findings the scan stands still, so keep that short or use ``scan``.
    """
    plan = Plan(
        targets=parse_targets([targets] if isinstance(targets, str) else targets, allow_many=allow_many),
        ports=parse_ports(ports) if isinstance(ports, str) else unique_ports(ports),
        timeout_s=timeout_s,
        concurrency=concurrency,
        rate=rate,
        retries=retries,
        adaptive=adaptive,
        probe=probe,
        report_all=report_all,
    )
    return _findings(plan)


def _findings(plan: Plan) -> Iterator[Found]:
    with Engine(plan) as engine:
        while not engine.finished:
            yield from engine.turn()
