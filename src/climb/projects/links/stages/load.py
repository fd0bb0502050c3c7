"""Stage 13: many follow, at any hour, also in the moment in which the cache is emptied."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from climb.judge.calibration import calibrate_http
from climb.judge.evidence import Latencies
from climb.judge.expect import CannotTell, Failure, fail, within
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import LinksService
from climb.projects.links.stages.crowd import Crowd, demand_followed
from climb.projects.links.stages.gone import Loss, lost
from climb.projects.links.stages.statements import Statements

if TYPE_CHECKING:
    from climb.judge.load import HttpLoaded

__all__ = ["load"]

load = Stage(
    "load",
    "Many follow",
    concepts=["tail-latency", "caching", "backpressure", "profiling"],
    timed=True,
    hints=[
        "Before you make anything faster: what does your program do for one following, in system calls and in round trips to other processes? Which of them can be left out, and which can be done for many followings at a time?",
        "A round trip to the cache for each following costs more than all the rest. A copy in memory, kept for less than STALE_MS, saves nearly all of them. Write clicks in batches: collect what came in a few milliseconds, append it with "
        "one write, and only then send these answers.",
        "When the cache is emptied, all links are missing at once. One read at a time for each link, and a bound on the reads under way altogether, keep the database alive; who waits for a read holds no connection of the pool meanwhile. Look at "
        "the 99th percentile, not at the mean: a garbage collection, a flush or an fsync in the path of an answer shows there.",
    ],
)

_SLOWER = 25  # times as slow as the plainest HTTP server
_LATER = 20  # times as long as an answer of it takes
_LEAST_MS = 50.0
_SHORT_MS = 500  # so that copies in memory end before they are asked for again
_CALM_PER_S = 400.0
_CALM_S = 1.5
_TRIES = 3  # a machine that stands still for a moment does not do so again and again
_WHY_RATE = "Following is what happens all day. It needs a look into memory or one round trip to a cache, and a click that is noted."


@load.check
async def it_keeps_up(links: LinksService, world: World) -> None:
    """Links that many follow are followed at least a twenty-fifth as often as the plainest HTTP server on this machine answers."""
    crowd = await Crowd.of(links, count=10 + world.draw.integer(0, 20))

    plain = await calibrate_http()
    loaded = await crowd.as_fast_as_it_can(1.0)

    demand_followed(loaded)
    limit = plain.loaded.answers_per_s / _SLOWER
    if loaded.answers_per_s < limit:
        again = await calibrate_http()  # the machine may have been busy meanwhile
        within(
            1 / max(loaded.answers_per_s, 0.001) * 1000,
            1 / limit * 1000,
            "milliseconds for each following, when all is asked that can be",
            unit="ms",
            calibration=f"{_SLOWER} × what one answer costs {again}",
            why=_WHY_RATE,
        )


@load.check
async def half_of_it_is_quick(links: LinksService, world: World) -> None:
    """At half of the rate that it can do, 99 of 100 followings take at most 20 times as long as with the plainest HTTP server, or 50 ms."""
    crowd = await Crowd.of(links, count=10 + world.draw.integer(0, 20))
    fastest = await crowd.as_fast_as_it_can(1.0)
    plain = await calibrate_http()
    rate_per_s = min(fastest.answers_per_s, plain.loaded.answers_per_s) / 2

    plan = crowd.plan(1.3, rate_per_s=max(rate_per_s, 10.0))
    for _ in range(_TRIES):
        base = await calibrate_http(plan)
        loaded = await crowd.sent(plan)
        demand_followed(loaded)
        limit_ms = max(_LATER * base.loaded.latencies.percentile_ms(99), _LEAST_MS)
        found_ms = loaded.latencies.percentile_ms(99)
        if found_ms <= limit_ms:
            return
    if loaded.doubt:  # one about the plainest server makes the limit more generous, and nobody is wronged
        raise CannotTell(loaded.doubt)
    try:
        within(
            found_ms,
            limit_ms,
            f"the 99th percentile at {rate_per_s:,.0f} followings a second",
            unit="ms",
            calibration=f"{_LATER} × that of {base}, at the same rate, or {_LEAST_MS:g} ms",
            why="This is half of what the program can do. Whoever waits here waits for something else than his turn.",
        )
    except Failure as failure:
        curves = (loaded.curve("the program"), base.loaded.curve("the plainest server"))
        latencies = Latencies(subject="latencies of followings", unit="ms", curves=curves, limit=limit_ms)
        raise Failure(failure.subject, *failure.evidence, latencies, loaded.slow_answers()) from failure


@load.check
async def an_emptied_cache_is_no_end(links: LinksService, world: World) -> None:
    """While the cache is emptied under load every following is answered, and each link is read from the database a few times."""
    count, empties, seconds = 30 + world.draw.integer(0, 20), 3, 2.4
    crowd = await Crowd.of(links, count=count)
    fastest = await crowd.as_fast_as_it_can(0.7)
    plan = crowd.plan(seconds, rate_per_s=min(max(fastest.answers_per_s / 3, 100.0), 3_000.0))
    statements = await Statements.measured(crowd.running.database)

    async def emptied() -> HttpLoaded:
        async with crowd.sending(plan) as sending:
            for _ in range(empties):
                await asyncio.sleep(seconds / (empties + 1))
                await crowd.running.cache.empty()
            return await sending

    loaded_in: list[HttpLoaded] = []

    async def work() -> None:
        loaded_in.append(await emptied())

    reads = await statements.during(work())

    (loaded,) = loaded_in
    demand_followed(loaded)
    most = 2 * count * (empties + 1 + round(seconds * 1000 / crowd.stale_ms))
    statements.demand(
        reads,
        at_most=most,
        subject=f"reads in the database during {loaded.answered:,} followings of {count} links, while the cache was emptied {empties} times",
        why="After each emptying an instance reads each link once, and in between now and then, as STALE_MS is short. More readers than links mean that many read the same.",
    )


@load.check
async def a_lost_cache_slows_little(links: LinksService, world: World) -> None:
    """From one second after the cache went, 99 of 100 followings take at most 20 times as long as with it, or 50 ms."""
    crowd = await Crowd.of(links, count=90 + world.draw.integer(0, 20), stale_ms=_SHORT_MS, roads=True)
    road = crowd.running.instances[0].cache_road
    assert road is not None

    before = [await crowd.sent(crowd.plan(_CALM_S / 2, rate_per_s=_CALM_PER_S)) for _ in range(2)]
    usual_ms = min(loaded.latencies.percentile_ms(99) for loaded in before)
    limit_ms = max(_LATER * usual_ms, _LEAST_MS)
    with lost(road, Loss.SILENT):  # who is refused notices at once
        await crowd.sent(crowd.plan(1.0, rate_per_s=_CALM_PER_S))  # so that it can be noticed
        for _ in range(_TRIES):
            after = await crowd.sent(crowd.plan(_CALM_S, rate_per_s=_CALM_PER_S))
            found_ms = after.latencies.percentile_ms(99)
            if found_ms <= limit_ms:
                demand_followed(after, why="The cache is away, and the database is there: every link is followed.")
                return
    base = await calibrate_http(after.plan)
    if after.doubt or base.loaded.latencies.percentile_ms(99) > limit_ms / 2:
        raise CannotTell(after.doubt or f"the plainest HTTP server was as slow: {base}")
    fail(
        f"the 99th percentile at {_CALM_PER_S:g} followings a second, from one second after the cache went",
        expected=f"at most {limit_ms:.0f} ms: {_LATER} × {usual_ms:.1f} ms, as it was with the cache, or {_LEAST_MS:g} ms",
        received=f"{found_ms:.0f} ms",
        why="A part that does not answer is not asked again and again. After a question in vain one probe finds out when it is back, and everybody else goes to the database at once.",
        saw=f"the cache was silent, STALE_MS {_SHORT_MS}, and {len(crowd.codes)} links were followed in any order",
    )


@load.check
async def every_click_counts(links: LinksService, world: World) -> None:
    """Of all followings under load each one that was answered is counted, once."""
    crowd = await Crowd.of(links, count=10 + world.draw.integer(0, 10))
    loaded = await crowd.as_fast_as_it_can(1.0)

    demand_followed(loaded)
    least = loaded.answered + len(crowd.codes)  # each was followed once before
    most = least + loaded.unanswered + loaded.failed
    total = await crowd.clicks_reach(least)
    if least <= total <= most:
        return
    fail(
        f"clicks of {len(crowd.codes)} links, {crowd.within_s:g} s after the load",
        expected=f"{least:,}" if least == most else f"{least:,} to {most:,}",
        received=f"{total:,}",
        why="Each answer with 302 is a click. Counters that are read, added to and written back lose some of those that come at the same time; batches that are sent again count some twice.",
    )
