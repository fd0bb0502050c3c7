"""Stage 5: many connections at once, but never more than asked for."""

from __future__ import annotations

from climb.judge.evidence import Comparison, Series
from climb.judge.expect import Failure, expect, within
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.judge.world.scripts import close_at_once, hold
from climb.judge.world.seen import Seen
from climb.projects.scanner.report import Scanner, spans

__all__ = ["concurrency"]

concurrency = Stage(
    "concurrency",
    "Concurrency",
    concepts=["non-blocking-io", "epoll", "rate-limiting"],
    hints=[
        "A silent port costs a whole timeout of waiting, and no work at all. How many can you wait for at the same time?",
        "Start the next connect before the last one has ended: threads, tasks, or one loop over non-blocking sockets with poll or epoll. "
        "A semaphore of N, or a pool of N workers, keeps the number down.",
        "Count every connection for --concurrency and --rate, those for HTTP and TLS too, from connect() until close() has returned. For the rate, "
        "give each connection its own moment, 1/N of a second after the one before.",
    ],
)

_TRIES = 2


@concurrency.check
async def silent_ports_wait_together(scanner: Scanner, world: World) -> None:
    """Hundreds of silent ports take about one timeout, not one after the other."""
    silent = await world.silent(world.draw.integer(150, 300))
    (closed,) = world.closed(1)
    startup = await scanner.startup_s(world.host, closed)
    timeout, count = 1.5, len(silent.ports)
    spec = spans(list(silent.ports))

    took = []
    for _ in range(_TRIES):
        async with silent.watch() as watch:
            took.append(
                await scanner.seconds(
                    silent.address, "--ports", spec, "--timeout", timeout, "--concurrency", count, seconds=timeout * 8
                )
                - startup
            )
        if not timeout * 2 < took[-1] < timeout * 5:
            break

    within(
        min(took),
        timeout * 2,
        f"the time for {count} silent ports",
        unit="s",
        calibration=f"2 × the timeout of {timeout} s, beyond the {startup:.2f} s that the program takes to start",
        why=f"--concurrency {count} allows to wait for all of them at once. One after the other takes {count * timeout:.0f} s.",
        saw=watch,
    )


@concurrency.check
async def never_more_at_once_than_asked(scanner: Scanner, world: World) -> None:
    """With --concurrency N there are never more than N connections open at once."""
    limit = world.draw.integer(3, 12)
    servers = [await world.listener(hold()) for _ in range(limit * 4)]

    report = await scanner(
        world.host, "--ports", spans([server.port for server in servers]), "--timeout", 0.4, "--concurrency", limit
    )

    expect(len(report.open_ports), "number of open ports").equals(
        len(servers), why="Every one of these servers accepts."
    )
    demand_at_most(world.seen, limit)


@concurrency.check
async def the_rate_is_held(scanner: Scanner, world: World) -> None:
    """With --rate N no second sees more than N new connections."""
    rate = world.draw.integer(20, 40)
    servers = [await world.listener(close_at_once()) for _ in range(rate * 2)]

    report = await scanner(
        world.host, "--ports", spans([server.port for server in servers]), "--timeout", 1, "--rate", rate, seconds=90
    )

    expect(len(report.open_ports), "number of open ports").equals(
        len(servers), why="Every one of these servers accepts."
    )
    # A busy machine delivers late what was sent in time, so that some of one second arrives in the next.
    within(
        world.seen.per_second,
        rate * 1.5 + 2,
        "new connections in one second",
        unit="connections",
        calibration=f"--rate {rate}, half as many again forgiven since the judge may see them late",
        why="The owner of the network set the rate. A burst at the start of each second, or one per target, breaks it. "
        "Connections that look for HTTP or TLS count too.",
        saw=f"{world.seen}, for {len(servers)} ports",
    )


def demand_at_most(seen: Seen, limit: int) -> None:
    """Fails with the course of open connections as evidence."""
    if seen.at_once <= limit:
        return
    subject = "connections open at once"
    points = tuple(seen.timeline())[:500]
    raise Failure(
        subject,
        Comparison(
            subject=subject,
            expected=f"at most {limit}",
            received=str(seen.at_once),
            why="The limit protects the network, the servers and your own file descriptors. Connections that look for HTTP or TLS count too, "
            "and one counts until it is closed.",
            saw=str(seen),
        ),
        Series(subject=subject, unit="connections", points=points, limit=limit),
    )
