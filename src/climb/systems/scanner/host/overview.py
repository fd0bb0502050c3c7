"""The report as a person reads it: the machine, its interfaces, who listens.

A table that does not fit the terminal becomes cards: a row's first cell, and below it the others by name.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from climb.systems.scanner.host.units import size, span
from climb.systems.scanner.output.plain import plain
from climb.systems.scanner.output.sentence import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from climb.systems.scanner.host.report import Cpu, HostReport, Interface, Listener, Load, Memory, System
    from climb.systems.scanner.output.terminal import Symbols

__all__ = ["overview"]

UNKNOWN = "unknown"
GAP = 2
ENOUGH_TO_WRAP = 20  # a last column of this width may break its text over lines


def overview(report: HostReport, width: int, symbols: Symbols) -> Iterator[RenderableType]:
    """What to print, part by part, for a terminal of that width."""
    from rich.text import Text

    yield Text(plain(report.system.hostname or "this machine"), style="bold")
    yield _facts(_machine(report, f" {symbols.dot} "))
    yield ""
    yield Text("Interfaces", style="bold")
    yield _table(("name", "state", "mtu", "addresses", "received", "sent"), _interfaces(report.interfaces), width)
    yield ""
    yield Text("Listening", style="bold")
    if report.listeners:
        yield _table(("address", "protocol", "reached from", "process"), _listeners(report.listeners), width)
    else:
        yield Text("  No socket listens here.")


def _machine(report: HostReport, dot: str) -> Iterator[tuple[str, str]]:
    yield "system", dot.join(_system(report.system))
    yield "up", _uptime(report.system)
    yield "processor", dot.join(_cpu(report.cpu))
    yield "load", _load(report.load)
    yield "memory", dot.join(_memory(report.memory))
    yield "swap", _swap(report.memory)


def _system(system: System) -> Iterator[str]:
    yield plain(system.os or UNKNOWN)
    if system.kernel:
        yield f"kernel {plain(system.kernel)}"
    if system.architecture:
        yield system.architecture
    if system.machine:
        yield plain(system.machine)


def _uptime(system: System) -> str:
    since = f", since {system.booted_at:%Y-%m-%d %H:%M} UTC" if system.booted_at else ""
    return (span(system.uptime_s) if system.uptime_s is not None else UNKNOWN) + since


def _cpu(cpu: Cpu) -> Iterator[str]:
    yield plain(cpu.model or UNKNOWN)
    if cpu.logical:
        yield count(cpu.logical, "thread") + (f" on {count(cpu.cores, 'core')}" if cpu.cores else "")
    if cpu.usable and cpu.usable != cpu.logical:
        yield f"{cpu.usable} usable"
    if cpu.quota:
        yield f"limited to {cpu.quota:g}"
    if cpu.mhz:
        yield f"{cpu.mhz:.0f} MHz" + (f" of {cpu.max_mhz:.0f}" if cpu.max_mhz else "")


def _load(load: Load | None) -> str:
    if load is None:
        return UNKNOWN
    return f"{load.minute:.2f}  {load.five_minutes:.2f}  {load.fifteen_minutes:.2f}  over 1, 5, 15 min"


def _memory(memory: Memory) -> Iterator[str]:
    yield size(memory.total_bytes) if memory.total_bytes is not None else UNKNOWN
    if memory.available_bytes is not None:
        yield f"{size(memory.available_bytes)} available"
    if memory.limit_bytes is not None:
        yield f"limited to {size(memory.limit_bytes)}"


def _swap(memory: Memory) -> str:
    if memory.swap_total_bytes is None:
        return UNKNOWN
    if not memory.swap_total_bytes:
        return "none"
    free = f", {size(memory.swap_free_bytes)} free" if memory.swap_free_bytes is not None else ""
    return size(memory.swap_total_bytes) + free


def _interfaces(interfaces: Sequence[Interface]) -> list[list[str]]:
    return [
        [
            one.name,
            one.state or UNKNOWN,
            str(one.mtu or ""),
            "\n".join(_addresses(one)),
            size(one.rx_bytes) if one.rx_bytes is not None else "",
            size(one.tx_bytes) if one.tx_bytes is not None else "",
        ]
        for one in interfaces
    ]


def _addresses(interface: Interface) -> Iterator[str]:
    for one in (*interface.ipv4, *interface.ipv6):
        yield one.address if one.prefix is None else f"{one.address}/{one.prefix}"
    if interface.mac:
        yield interface.mac


def _listeners(listeners: Sequence[Listener]) -> list[list[str]]:
    return [[_endpoint(one), one.protocol, _reach(one.address), _owner(one)] for one in listeners]


def _endpoint(listener: Listener) -> str:
    address = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"{address}:{listener.port}"


def _reach(address: str) -> str:
    parsed = ipaddress.ip_address(address)
    inner = getattr(parsed, "ipv4_mapped", None) or parsed
    if inner.is_unspecified:
        return "anywhere"
    return "this machine" if inner.is_loopback else "its network"


def _owner(listener: Listener) -> str:
    waiting = f", {listener.waiting} waiting" if listener.waiting else ""
    if not listener.processes:
        why = "not visible without privileges" if listener.hidden else "the kernel or another container"
        return f"{why} (user {listener.user})" + waiting
    first = listener.processes[0]
    others = f" and {len(listener.processes) - 1} more" if len(listener.processes) > 1 else ""
    return f"{plain(first.name or UNKNOWN)} {first.pid}{others}" + waiting


def _facts(pairs: Iterator[tuple[str, str]]) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(Text(name, "dim"), Text(value))
    return Padding(grid, (0, 0, 0, GAP))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> RenderableType:
    from rich.padding import Padding

    *fixed, last = _widths([headings, *rows])
    fits = sum(GAP + column for column in (*fixed, min(last, ENOUGH_TO_WRAP))) <= width
    return Padding(_columns(headings, rows) if fits else _cards(headings, rows), (0, 0, 0, GAP))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(line) for cell in column for line in cell.split("\n")) for column in zip(*rows, strict=True)]


def _columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, GAP, 0, 0))
    for _ in headings[:-1]:
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(*(Text(heading, "dim") for heading in headings))
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid


def _cards(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    return Group(
        *(
            part
            for first, *others in rows
            for part in (
                Text(first),
                _facts((name, cell) for name, cell in zip(headings[1:], others, strict=True) if cell),
            )
        )
    )
