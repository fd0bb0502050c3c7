"""Stage 1: one open port."""

from __future__ import annotations

from climb.judge.expect import expect
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import page
from climb.projects.scanner.report import Scanner, listed

__all__ = ["open_port"]

open_port = Stage(
    "open-port",
    "One open port",
    concepts=["sockets", "tcp-handshake"],
    hints=[
        "What does your operating system do when you ask it to connect, and how does it tell you that it worked?",
        "Make a TCP socket, call connect() with the address and the port, and look at the result. Success means open, an error means "
        "not open. Close the socket either way.",
        'Print one JSON object a line for each port that connected, and as the last line {"summary": {…}}. Flush standard output '
        "before you exit with code 0.",
    ],
)

FIELDS = ("host", "port", "state", "rtt_ms", "service", "banner", "http", "tls")
COUNTS = ("hosts", "ports", "open", "closed", "filtered")


@open_port.check
async def the_open_port_is_reported(scanner: Scanner, world: World) -> None:
    """One port listens and its neighbours do not; exactly that port is reported open."""
    server = await world.listener(page("hello"))
    neighbours = world.near(server.port)

    report = await scanner(server.address, "--ports", listed([server.port, *neighbours]))

    expect(report.open_ports, "open ports").equals(
        {server.port},
        why="A completed TCP handshake means open; a refused one does not.",
        saw=f"port {server.port} got {server.seen}",
    )


@open_port.check
async def every_line_is_complete(scanner: Scanner, world: World) -> None:
    """A port's line has all the fields of the contract, and what is absent is null."""
    server = await world.listener(page("hello"))

    report = await scanner(server.address, "--ports", server.port)

    row = report.row(server.port)
    expect([field for field in FIELDS if field in row], "fields in the line").equals(
        list(FIELDS),
        why="A reader that looks for a field must find it, or null: then it needs no special case for each scanner.",
    )
    expect(row["host"], "host").equals(server.address, why="The host is the address that was scanned, as it was given.")
    expect(row["rtt_ms"], "rtt_ms").satisfies(
        lambda rtt: isinstance(rtt, int | float) and not isinstance(rtt, bool) and 0 <= rtt < 60_000,
        expected="a number of milliseconds, zero or more",
        why="The time that connect took is the first thing one knows about a peer. Measure it around the call.",
    )


@open_port.check
async def the_summary_counts(scanner: Scanner, world: World) -> None:
    """The summary says how many hosts and ports were scanned and how many were open."""
    servers = [await world.listener(page("hello")) for _ in range(world.draw.integer(2, 4))]
    closed = world.closed(world.draw.integer(1, 4))
    ports = [server.port for server in servers]

    report = await scanner(world.host, "--ports", listed([*ports, *closed]))

    counts = {"hosts": 1, "ports": len(ports) + len(closed), "open": len(ports), "closed": len(closed), "filtered": 0}
    expect(report.summary, "the summary").equals(
        counts, why="The summary counts what was scanned, not what was printed: closed ports count without --all too."
    )
    elapsed = report.summary.get("elapsed_s")
    expect(elapsed, "elapsed_s").satisfies(
        lambda seconds: isinstance(seconds, int | float) and 0 <= seconds <= report.call.seconds,
        expected=f"the seconds that the scan took, at most the {report.call.seconds:.2f} s that the program ran",
        why="elapsed_s is in seconds. A larger number than the program's own life is in another unit, or counts from another start.",
    )


@open_port.check
async def nothing_open_is_no_error(scanner: Scanner, world: World) -> None:
    """Where nothing listens, the summary alone is printed, and the exit code is 0."""
    closed = world.closed(world.draw.integer(1, 5))

    report = await scanner(world.host, "--ports", listed(closed))

    expect(report.ports, "ports with a line").equals(
        [], why="Without --all only open ports have a line. A scan that finds nothing has succeeded all the same."
    )
