"""Stage 2: ranges and lists of ports, exactly."""

from __future__ import annotations

from collections import Counter

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import page
from climb.projects.scanner.report import Scanner, listed

__all__ = ["port_lists"]

port_lists = Stage(
    "port-lists",
    "Ranges and lists",
    concepts=["ports"],
    hints=[
        "What should 80,443,8000-8100 become before the first socket is made?",
        "Split at the commas. A part without a hyphen is one port; a part with one is a range whose last port belongs to it. "
        "Collect the ports in a set, so that a port named twice is there once.",
        "Keep what was scanned apart from what is printed: without --all only open ports are printed, with --all each port has its line.",
    ],
)

DEFAULT_PORTS = (80, 443, 8000, 8008, 8080, 8081, 8443, 8888)


@port_lists.check
async def lists_and_ranges_exactly(scanner: Scanner, world: World) -> None:
    """Single ports and ranges in one list: with --all each of these ports has one line, and no other has."""
    start = world.draw.integer(1024, 60_000)
    width = world.draw.integer(2, 12)
    singles = world.draw.sample(range(1024, 65_535), world.draw.integer(1, 3))
    parts = [f"{start}-{start + width}", *map(str, singles)]
    expected = set(range(start, start + width + 1)) | set(singles)

    report = await scanner(world.address(), "--ports", ",".join(parts), "--all")

    expect(set(report.ports), "ports with a line").equals(
        expected, why=f"{parts[0]} means each port from {start} to {start + width}, both ends included."
    )


@port_lists.check
async def a_port_named_twice_is_scanned_once(scanner: Scanner, world: World) -> None:
    """Overlapping parts of the list name some ports twice; each has one line and counts once."""
    start = world.draw.integer(1024, 60_000)
    width = world.draw.integer(1, 6)
    again = start + world.draw.integer(0, width - 1)
    spec = f"{start}-{start + width},{again}"

    report = await scanner(world.address(), "--ports", spec, "--all")

    repeated = [port for port, count in Counter(report.ports).items() if count > 1]
    expect(repeated, "ports with more than one line").satisfies(
        lambda ports: not ports,
        expected="none",
        why=f"--ports {spec} names port {again} twice, but it is one port: one connection, one line.",
    )
    expect(report.summary.get("ports"), "ports in the summary").equals(
        len(report.ports), why=f"The summary counts ports, not how often they were named: {again} was named twice."
    )


@port_lists.check
async def the_usual_http_ports_by_default(scanner: Scanner, world: World) -> None:
    """Without --ports the usual HTTP ports are scanned, and a server on one of them is found."""
    server = await world.listener_on_one_of([port for port in DEFAULT_PORTS if port >= 1024], page("hello"))

    report = await scanner(world.host, "--all")

    expect(report.ports, "ports with a line").equals(
        list(DEFAULT_PORTS),
        why="The contract names the default ports, so that a scan without options means the same everywhere.",
    )
    expect(report.row(server.port), f"port {server.port}").equals(
        {"port": server.port, "state": "open"}, why="A server listens there."
    )


@port_lists.check
async def closed_ports_only_with_all(scanner: Scanner, world: World) -> None:
    """Without --all only open ports have a line."""
    server = await world.listener(page("hello"))
    closed = world.closed(world.draw.integer(1, 6))

    report = await scanner(world.host, "--ports", listed([server.port, *closed]))

    expect(report.ports, "ports with a line").equals(
        [server.port],
        why="On most hosts nearly all ports are closed. Their lines would hide the ones that matter, so they need --all.",
    )
