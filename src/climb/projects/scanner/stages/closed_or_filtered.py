"""Stage 4: closed or filtered."""

from __future__ import annotations

import asyncio
from collections import Counter

from climb.judge.expect import CannotTell, expect, within
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scanner.report import Report, Scanner, listed

__all__ = ["closed_or_filtered"]

closed_or_filtered = Stage(
    "closed-or-filtered",
    "Closed or filtered",
    concepts=["tcp-handshake", "accept-queue", "timeouts"],
    hints=[
        "A connect can end in three ways. Which error numbers have you seen, and what did the other side do in each case?",
        "ECONNREFUSED means that the host answered with RST: closed. No answer until your timeout, EHOSTUNREACH or ENETUNREACH mean that "
        "something on the way dropped the packet: filtered.",
        "Do not wait for the system's own timeout, which is over two minutes: make the socket non-blocking, or give it --timeout. And do not "
        "give up earlier either, since a slow answer is an answer.",
    ],
)

_TRIES = 3


@closed_or_filtered.check
async def a_refusal_means_closed(scanner: Scanner, world: World) -> None:
    """A port that refuses the connection is "closed"."""
    ports = world.closed(world.draw.integer(1, 3))

    report = await scanner(world.host, "--ports", listed(ports), "--all")

    for port in ports:
        expect(report.row(port), f"port {port}").equals(
            {"port": port, "state": "closed"},
            why="The host answered with RST: it is there, and nothing listens on this port. The kernel reports ECONNREFUSED.",
        )


@closed_or_filtered.check
async def silence_means_filtered(scanner: Scanner, world: World) -> None:
    """A port that answers nothing is "filtered", not "closed", and has no round-trip time."""
    silent = await world.silent(world.draw.integer(1, 3))

    async with silent.watch() as watch:
        report = await scanner(silent.address, "--ports", listed(list(silent.ports)), "--timeout", 0.5, "--all")

    for port in silent.ports:
        expect(report.row(port), f"port {port}").equals(
            {"port": port, "state": "filtered", "rtt_ms": None},
            why="No answer within the timeout says that something dropped the packet. A closed port answers at once with RST. "
            "And without an answer there is no round trip to measure.",
            saw=watch,
        )


@closed_or_filtered.check
async def the_summary_tells_the_states_apart(scanner: Scanner, world: World) -> None:
    """The summary counts open, closed and filtered ports each for itself."""
    server = await world.listener()
    closed = world.closed(world.draw.integer(2, 3))
    silent = await world.silent(world.draw.integer(4, 6))

    report = await scanner(
        world.host, "--ports", listed([server.port, *closed, *silent.ports]), "--timeout", 0.5, "--all"
    )

    lines = Counter(row["state"] for row in report.rows)
    expect(report.summary, "the summary").equals(
        {state: lines[state] for state in ("open", "closed", "filtered")},
        why="Each line above the summary says a state, and the summary counts them. Closed and filtered say different things about a "
        "host: one answers, the other is shielded.",
    )


@closed_or_filtered.check
async def the_timeout_is_the_users(scanner: Scanner, world: World) -> None:
    """A silent port holds the scan up for about the timeout that was asked for, and not longer."""
    silent = await world.silent(1)
    (closed,) = world.closed(1)
    startup = await scanner.startup_s(world.host, closed)
    timeout = 0.3

    took = []
    for _ in range(_TRIES):  # the best of some, since a busy machine can only make it slower
        took.append(await scanner.seconds(silent.address, "--ports", silent.ports[0], "--timeout", timeout) - startup)
        if not timeout * 2.5 < took[-1] < timeout * 10:
            break

    within(
        min(took),
        timeout * 2.5,
        "the time for one silent port",
        unit="s",
        calibration=f"2.5 × the timeout of {timeout} s, beyond the {startup:.2f} s that the program takes to start",
        why="Someone who asks for --timeout 0.3 knows the network better than a default does.",
        saw=f"tries: {len(took)}; the quickest one counts",
    )


@closed_or_filtered.check
async def a_late_answer_is_an_answer(scanner: Scanner, world: World) -> None:
    """A port whose answer comes late, but within the timeout, is open."""
    silent = await world.silent(1)
    (port,) = silent.ports

    async with scanner.started(silent.address, "--ports", port, "--timeout", 3) as scan:
        tried = await scanner.command.until(lambda: bool(silent.sample()), deadline_s=10)
        if not tried and scan.running:
            raise CannotTell("the program did not try to connect within 10 s")
        await asyncio.sleep(0.2)
        silent.wake()  # the first SYN was dropped; its retransmission, a second after it, will be answered
        call = await scan.wait()

    report = Report(call)
    expect(report.open_ports, "open ports").equals(
        {port},
        why="The first SYN was lost, as happens on real networks. The kernel sends it again after a second, and that one is answered. "
        "The timeout was 3 s, so there was time to wait for it.",
        saw=f"the server dropped the first SYN and would have answered the next one; the program ended after {call.seconds:.2f} s",
    )
