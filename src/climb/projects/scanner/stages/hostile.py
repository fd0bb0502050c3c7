"""Stage 8: servers that mean harm, or are broken. Each stands beside a well-behaved one, whose result must not suffer."""

from __future__ import annotations

from typing import Any

from climb.judge.evidence import Output
from climb.judge.expect import Failure, expect, within
from climb.judge.stage import Stage
from climb.judge.world import World, hostile as harm
from climb.judge.world.peer import Script
from climb.judge.world.scripts import page
from climb.judge.world.server import Server
from climb.projects.scanner.report import Scanner, listed, quoted

__all__ = ["hostile"]

hostile = Stage(
    "hostile",
    "Hostile servers",
    concepts=["timeouts", "bounded-reads", "http-messages"],
    hints=[
        "Each of these servers answers one of your questions for ever. Which of your loops ends only when the other side wants it to?",
        "A timeout for each read is not enough: a byte a second resets it. Note the moment at which the connection must be over, and give each wait only "
        "what is left until then. Count the bytes, too, and stop at 64 KiB.",
        "Treat every parse as something that can fail, and every read as something that can raise. What you learned before the failure stays: the port is "
        "open. Decode text with replacement characters.",
    ],
)

TIMEOUT = 0.8
READ_LIMIT = 64 * 1024
_MIB = 1024 * 1024
_ROOM = 2 * _MIB  # what the kernels of both sides may hold beyond what the program has read
_HANGS_AFTER = 15  # seconds, for a scan whose connections live less than one
_TRIES = 2

GARBAGE = (
    b"HTTP/1.1 abc what\r\n\r\n",
    b"HTTP/1.1\r\n\r\n",
    b"HTTP/9.9 200 OK\r\nServer\r\n: \r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<title>x</title>",
    b"HTTP/1.1 200 OK\r\nContent-Length: minus one\r\n\r\n<title>x",
    b"\x00\xff\x00\xfe" * 50,
    b"\x16\x03\x01\xff\xff" + b"\x00" * 60,
)


@hostile.check
async def a_tarpit(scanner: Scanner, world: World) -> None:
    """A server that accepts and never answers costs one timeout, and is reported open."""
    row = await survive(scanner, world, harm.tarpit(), "accepts and never answers")

    expect(row, "the line").equals(
        {"state": "open", "http": None}, why="The handshake completed, so the port is open. Nothing else is known."
    )


@hostile.check
async def one_byte_at_a_time(scanner: Scanner, world: World) -> None:
    """A server that sends a byte now and then keeps no connection longer than the timeout."""
    data = b"HTTP/1.1 200 OK\r\nServer: " + b"x" * 1000
    server = await world.listener(harm.one_byte_a_second(data, TIMEOUT / 5))
    longest = await _longest_life(scanner, server)

    _demand_short(longest, "sends one byte in a fifth of the timeout, so that each single read succeeds in time")


@hostile.check
async def headers_without_end(scanner: Scanner, world: World) -> None:
    """A response whose headers never end is read up to 64 KiB, and no further."""
    server = await world.listener(harm.endless_headers())
    row = await survive(scanner, world, server, "sends headers without end, as fast as they are read")

    expect(row["state"], "state").equals("open", why="The handshake completed, so the port is open.")
    _demand_bounded_read(server)


@hostile.check
async def a_body_without_end(scanner: Scanner, world: World) -> None:
    """A body that never ends is read up to 64 KiB, and what was learned before is kept."""
    server = await world.listener(harm.endless_body(chunked=world.draw.flag()))
    row = await survive(scanner, world, server, "sends a body without end, as fast as it is read")

    expect(row, "the line").equals(
        {"state": "open", "service": "http"},
        why="The response began well: it is HTTP. A body without end does not undo the status and the headers before it.",
    )
    expect(row.get("http"), "http").equals(
        {"status": 200, "server": "hostile"}, why="Status and headers came whole, before the body that never ends."
    )
    _demand_bounded_read(server)


@hostile.check
async def garbage(scanner: Scanner, world: World) -> None:
    """Bytes that are no protocol, or almost one, break nothing."""
    chosen = world.draw.sample(GARBAGE, world.draw.integer(5, len(GARBAGE)))
    servers = {await world.listener(harm.garbage(data, asked=True)): f"answers {quoted(data[:60])}" for data in chosen}
    rows = await survive_all(scanner, world, servers)

    for server, what in servers.items():
        expect(rows[server], f"the line about port {server.port}").equals(
            {"state": "open"},
            why="The handshake completed. What came after it can't undo that.",
            saw=f"the server on port {server.port} {what}",
        )


@hostile.check
async def a_reset(scanner: Scanner, world: World) -> None:
    """A server that cuts the connection right after accepting it is open."""
    row = await survive(scanner, world, harm.reset_at_once(), "sends RST right after the handshake")

    expect(row["state"], "state").equals(
        "open",
        why="connect() succeeded, so something listens. ECONNRESET on a later read or write says that it hung up, not that the port is closed.",
    )


@hostile.check
async def text_that_is_not_utf8(scanner: Scanner, world: World) -> None:
    """A title that is not valid UTF-8 has U+FFFD where bytes are wrong, and the rest is kept."""
    word = world.draw.word()
    title = word.encode() + b" \xff " + word.encode()
    row = await survive(
        scanner,
        world,
        harm.invalid_utf8_page(title),
        f"serves a page with the title {quoted(title)}",
    )

    expect(row.get("http"), "http").equals(
        {"title": f"{word} \ufffd {word}"},
        saw=f"the title on the page is {quoted(title)}",
        why="0xff never occurs in UTF-8. Your output is UTF-8, so decode with replacement, never with errors that end the scan.",
    )


@hostile.check
async def tls_a_byte_at_a_time(scanner: Scanner, world: World) -> None:
    """A TLS handshake that trickles in keeps no connection longer than the timeout."""
    server = await world.listener(harm.slow_tls(TIMEOUT / 5))
    longest = await _longest_life(scanner, server)

    _demand_short(
        longest, "answers whatever it is sent with the beginning of a TLS record, one byte in a fifth of the timeout"
    )


async def survive(scanner: Scanner, world: World, script: Script | Server, what: str) -> dict[str, Any]:
    """Scan a hostile server beside a good one; the good one's result must be whole. Returns the hostile one's line."""
    bad = script if isinstance(script, Server) else await world.listener(script)
    return (await survive_all(scanner, world, {bad: what}))[bad]


async def survive_all(scanner: Scanner, world: World, bad: dict[Server, str]) -> dict[Server, dict[str, Any]]:
    """``survive`` for several hostile servers in one scan; each with what it does, in words."""
    title = world.draw.word()
    good = await world.listener(page(title))
    told = tuple(f"port {server.port} {what}" for server, what in sorted(bad.items(), key=lambda item: item[0].port))

    try:
        report = await scanner(
            world.host,
            "--ports",
            listed([good.port, *(server.port for server in bad)]),
            "--timeout",
            TIMEOUT,
            seconds=_HANGS_AFTER,
        )
        rows = {server: report.row(server.port) for server in bad}
        neighbour = report.row(good.port)
    except Failure as failure:
        raise Failure(failure.subject, *failure.evidence, Output(title="what it met", lines=told)) from failure

    expect(neighbour.get("http"), f"http of the well-behaved neighbour on port {good.port}").equals(
        {"status": 200, "title": title},
        why="One bad server must not spoil what is known of the others.",
        saw="\n".join(told),
    )
    return rows


async def _longest_life(scanner: Scanner, server: Server) -> float:
    """The longest life of a connection; the best of two scans, since a busy machine can only make it longer."""
    longest = float("inf")
    for _ in range(_TRIES):
        server.seen.visits.clear()
        try:
            report = await scanner(server.address, "--ports", server.port, "--timeout", TIMEOUT, seconds=_HANGS_AFTER)
        except Failure:
            if server.seen.longest_s > TIMEOUT * 1.5:
                return server.seen.longest_s  # why the scan did not end
            raise
        expect(report.row(server.port)["state"], "state").equals(
            "open", why="The handshake completed, so the port is open."
        )
        longest = min(longest, server.seen.longest_s)
        if longest <= TIMEOUT * 1.5:
            break
    return longest


def _demand_short(longest: float, what: str) -> None:
    within(
        longest,
        TIMEOUT * 1.5,
        "the longest life of a connection",
        unit="s",
        calibration=f"1.5 × the timeout of {TIMEOUT} s",
        why="The timeout bounds the whole connection, from connect() to close(). A timeout that starts anew with each read never ends.",
        saw=f"the server {what}",
    )


def _demand_bounded_read(server: Server) -> None:
    connections = max(server.seen.connections, 1)
    within(
        server.seen.sent / _MIB,
        (READ_LIMIT + _ROOM) * connections / _MIB,
        "what the server could send",
        unit="MiB",
        calibration="64 KiB for each connection, and 2 MiB each that the kernels may hold on the way",
        why="A connection reads at most 64 KiB. A server that sends for ever would otherwise fill your memory, or hold you until the timeout.",
        saw=server.seen,
    )
