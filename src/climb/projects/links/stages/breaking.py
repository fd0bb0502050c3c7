"""Stage 11: database and cache go, come back, are slow, silent, full, restarted. Each stands in for the other as far as the table has it."""

from __future__ import annotations

import asyncio

from climb.judge.calibration import calibrate_start
from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.readiness import patience_s
from climb.judge.expect import expect, fail
from climb.judge.faults import Cut, Fault, HalfOpen, Injecting, Restart
from climb.judge.history import Recorder
from climb.judge.stage import Stage
from climb.judge.together import together
from climb.judge.world import World
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.rules.staleness import BACK_S
from climb.projects.links.stages.changes import draw_loss
from climb.projects.links.stages.clicks_of import clicks_reach
from climb.projects.links.stages.gone import lost
from climb.projects.links.stages.outages import Column, Service, cuts, slow

__all__ = ["breaking"]

breaking = Stage(
    "breaking",
    "When things break",
    concepts=["circuit-breakers", "timeouts", "fault-tolerance", "health-checks", "retries"],
    hints=[
        "Go through the table cell by cell: which parts does this request ask, in which order, and what does it do if one of them says nothing at all? What has an answer within 2 seconds to do with the timeouts of your two clients?",
        "Give each question to a part a timeout of a few hundred milliseconds, also that for a free connection of the pool, and for a new connection. If a part failed, don't ask it again for a while (a circuit breaker), and let one probe find out when it is back. "
        "An answer that the cache can't give comes from the database, and the other way round.",
        "Translate errors at one place: whatever your client raises for a refused, reset, silent or full part (for PostgreSQL also 53300, 57P01 and 57P03) is the same to the rest of the program, and is 503 with Retry-After where the table has it. Throw broken connections "
        "away, and connect anew in the background. /healthz looks at nothing; /readyz is 503 only if neither part answers. Scripts that were loaded into the cache are gone after its restart.",
    ],
)

_WHY = "The table in the brief has a cell for each request and each part that is away."
_POLL_S = 0.05
_SILENT_S = 2.5
_PAUSE_S = 0.1  # from one following to the next: the outage is longer than a question to a silent part may take
_TWICE_S = 0.6  # in which what is counted twice would show


@breaking.check
async def without_the_database(links: LinksService, world: World) -> None:
    """Without the database what was followed in the last minute is followed on, /v1 is 503 with Retry-After within 2 seconds, and all is well 5 seconds after it is back."""
    ways = cuts(world.draw)

    services = [await Service.opened(links, world) for _ in range(2)]

    async def lane(service: Service, faults: list[Fault]) -> None:
        place = service.running.database.place
        troubles = [service.trouble(Column.NO_DATABASE, [(place, fault)], lasts_s=_lasts_s(fault)) for fault in faults]
        await service.demand(troubles, why=_WHY)

    await together(*(lane(service, ways[number::2]) for number, service in enumerate(services)))


@breaking.check
async def without_the_cache(links: LinksService, world: World) -> None:
    """Without the cache every link is followed and /v1 is as always, within 2 seconds, and all is well 5 seconds after it is back."""
    ways = cuts(world.draw)

    services = [await Service.opened(links, world) for _ in range(2)]

    async def lane(service: Service, faults: list[Fault]) -> None:
        place = service.running.cache.place
        troubles = [service.trouble(Column.NO_CACHE, [(place, fault)], lasts_s=_lasts_s(fault)) for fault in faults]
        await service.demand(troubles, why=_WHY)

    await together(*(lane(service, ways[number::2]) for number, service in enumerate(services)))


@breaking.check
async def with_a_slow_part(links: LinksService, world: World) -> None:
    """While database or cache is slow, every answer comes within 2 seconds, and links are followed as the table has it."""
    one, other = [await Service.opened(links, world) for _ in range(2)]
    late, late_too = slow(world.draw), slow(world.draw)

    await together(
        one.demand(
            [one.trouble(Column.SLOW_DATABASE, [(one.running.database.place, late)], lasts_s=_SILENT_S)], why=_WHY
        ),
        other.demand(
            [other.trouble(Column.NO_CACHE, [(other.running.cache.place, late_too)], lasts_s=_SILENT_S)], why=_WHY
        ),
    )


@breaking.check
async def without_both(links: LinksService, world: World) -> None:
    """Without database and cache the program lives, says that it is not ready, and answers 503 with Retry-After within 2 seconds where it can't know."""
    service = await Service.opened(links, world)
    database, cache = service.running.database.place, service.running.cache.place
    ways = world.draw.sample([Cut, HalfOpen], 2)

    await service.demand(
        [
            service.trouble(
                Column.NEITHER, [(database, ways[0]()), (cache, ways[1]())], lasts_s=3.5, name="both are away"
            )
        ],
        why=_WHY,
    )


@breaking.check
async def parts_are_restarted(links: LinksService, world: World) -> None:
    """Database and cache are killed and started again, the cache with nothing in it: within 5 seconds all is well without a restart of the program."""
    one, other = await Service.opened(links, world, alone=True), await Service.opened(links, world)
    why = "Servers are updated, moved and crash. Connections to the old process are of no use, and what the old cache had been told is forgotten."
    first, second = Restart.drawn(world.draw), Restart.drawn(world.draw)

    await together(
        one.demand([one.trouble(Column.RESTARTED, [(one.running.database.place, first)], lasts_s=0.0)], why=why),
        other.demand([other.trouble(Column.RESTARTED, [(other.running.cache.place, second)], lasts_s=0.0)], why=why),
    )


@breaking.check
async def it_waits_for_its_database(links: LinksService, world: World) -> None:
    """Started without a database it is alive and not ready until the database is there; a cache that is not there is no reason to wait."""
    database, cache = await world.database(), await world.cache()
    recorder = Recorder(clock=world.now)
    async with Injecting(database.place, recorder) as first, Injecting(cache.place, recorder) as second:
        there, absent = Cut(), Cut()
        await first.inject(there)
        await second.inject(absent)
        running = await links.start(database=database, cache=cache, ready=False)
        await _until(running, "/healthz", await patience_s(), "The program lives, and says so, whatever is away.")
        ready = await running.ask("GET", "/readyz", owner=None, status=None)
        if ready.status != 503:
            ready.blame(
                "status 503",
                f"status {ready.line}",
                "There was no database yet, so there are no tables: whoever is sent here can't be served.",
            )
        await asyncio.sleep(world.draw.integer(0, 100) / 100)
        await first.heal(there)
        await _until(
            running, "/readyz", await _back_s(), "The database is there. A cache that is not is no reason to wait."
        )
        code = (await running.make()).code
        await running.follow(code, status=302)


@breaking.check(early=True)
async def clicks_count_meanwhile(links: LinksService, world: World) -> None:
    """Followings that were answered while a part was away are counted, once, within 5 seconds after the database is back."""
    running = await links.start(roads=True)
    one = running.instances[0]
    assert one.database_road is not None
    assert one.cache_road is not None
    code = (await running.make()).code
    await running.follow(code, status=302)  # whoever was answered shortly before is answered on
    seen = 1

    for road in world.draw.sample([one.database_road, one.cache_road], 2):
        with lost(road, draw_loss(world.draw)):
            for _ in range(world.draw.integer(25, 35)):
                seen += (await running.follow(code, status={302, 503})).status == 302
                await asyncio.sleep(_PAUSE_S)

    await clicks_reach(running, code, seen, within_s=await _back_s())
    await asyncio.sleep(_TWICE_S)
    expect((await running.read(code)).clicks, f"clicks of /{code}").equals(
        seen,
        why="In each column of the table clicks are counted, as far as there is a 302: not one less, and none twice when the database is back.",
        saw="the database was away for some of these followings, the cache for others",
    )


async def _until(running: Running, target: str, seconds: float, why: str) -> None:
    """Ask until the answer is 200; fails the check if that takes too long."""
    deadline, seen = running.now() + seconds, "no answer"
    while running.now() < deadline:
        try:
            answer = await running.ask("GET", target, owner=None, status=None, timeout_s=2.0)
        except (ConnectionLost, TimedOut):
            seen = "no answer"
        else:
            if answer.status == 200:
                return
            seen = f"status {answer.line}"
        await asyncio.sleep(_POLL_S)
    fail(f"GET {target}", expected=f"status 200 within {seconds:.1f} s", received=seen, why=why)


async def _back_s() -> float:
    """The 5 seconds of the brief, and what a busy machine adds."""
    return BACK_S + 10 * (await calibrate_start()).seconds


def _lasts_s(fault: object) -> float:
    """Silence is noticed by waiting."""
    return _SILENT_S if isinstance(fault, HalfOpen) else 1.2
