"""Stage 10: all 65,535 ports, exactly and in time."""

from __future__ import annotations

from climb.judge.calibration import calibrate_connects
from climb.judge.expect import CannotTell, expect, within
from climb.judge.listening import listens
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import page
from climb.projects.scanner.report import Scanner

__all__ = ["full_range"]

full_range = Stage(
    "full-range",
    "The full range",
    concepts=["epoll", "system-calls", "ephemeral-ports"],
    hints=[
        "Where does your program spend its time when nearly every port refuses at once? Measure before you guess.",
        "On loopback a connect and its refusal take about 20 µs together. What you add for each port (a thread, a task, a future, a timer) costs more "
        "than the connection.",
        "A fixed pool of workers that take ports from one iterator is enough. Faster still is one loop over non-blocking sockets. There connect() "
        "says EINPROGRESS even on loopback, but the refusal is already waiting: ask SO_ERROR right after it, and register with epoll only what shows no error.",
    ],
)

ALL = 65_535
# 5,000 ports a second, as a plain asyncio program may do, are 12 times what refused connects of 17 µs each cost.
FACTOR = 30
_CONCURRENCY = 500
_TOO_NOISY = 6.0


@full_range.check
async def every_port_exactly(scanner: Scanner, world: World) -> None:
    """Of all 65,535 ports those with a server are reported open, and no other."""
    servers = [await world.listener(page("hello")) for _ in range(world.draw.integer(3, 6))]
    if world.draw.flag():
        servers.append(await world.listener(page("hello"), port=ALL))
    mine = {server.port for server in servers}

    report = await scanner(*_everything(world), seconds=300)

    found = report.open_ports
    others = {port for port in found - mine if await listens(world.host, port)}
    expect(found - others, "open ports").equals(
        mine,
        why="--ports 1-65535 is every port there is. A port is open if its own handshake completed, and only then: on loopback a socket "
        "whose own port is the one it connects to can even meet itself.",
        saw=world.seen,
    )
    expect(report.summary.get("ports"), "ports in the summary").equals(
        ALL, why="1 to 65535 are 65,535 ports, the first and the last included."
    )


@full_range.check
async def in_a_fair_time(scanner: Scanner, world: World) -> None:
    """The full range takes no longer than a small multiple of what bare connects cost on this machine."""
    await world.listener(page("hello"))
    (closed,) = world.closed(1)
    before = await calibrate_connects(world.host, closed)
    startup = await scanner.startup_s(world.host, closed)
    deadline = max(30.0, FACTOR * before.seconds * ALL * 3)

    seconds = await scanner.seconds(*_everything(world), seconds=deadline)

    after = await calibrate_connects(world.host, closed)
    baseline = max(before.seconds, after.seconds)
    took, limit = seconds - startup, FACTOR * baseline * ALL
    if took > limit and max(before.spread, after.spread) > _TOO_NOISY:
        raise CannotTell(f"the machine was too busy to judge time fairly: {before}; after the scan: {after}")
    within(
        took,
        limit,
        "the time for 65,535 ports",
        unit="s",
        calibration=f"{FACTOR} × {baseline * ALL:.1f} s, which is what 65,535 bare connects cost here ({baseline * 1e6:.0f} µs each)",
        why="Nearly all ports refuse at once, so the time is your program's own work for each of them.",
        saw=f"{took / ALL * 1e6:,.0f} µs for each port",
    )


def _everything(world: World) -> tuple[object, ...]:
    return (world.host, "--ports", f"1-{ALL}", "--concurrency", _CONCURRENCY, "--timeout", 1)
