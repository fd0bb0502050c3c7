"""Stage 9: what many follow comes from the cache, and the database is asked once for what is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.together import together
from climb.judge.world import World
from climb.judge.world.effects import Condition, Direction, Effect
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.stages.changes import slowed
from climb.projects.links.stages.gone import Loss, lost
from climb.projects.links.stages.statements import Statements

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["caching"]

caching = Stage(
    "caching",
    "From the cache",
    concepts=["caching", "key-value-stores", "connection-pools", "monitoring"],
    hints=[
        "How often does the database have to be asked for a link that is followed a thousand times a minute? And for a code that never existed? What happens in the moment in which a much-followed link falls out of the cache?",
        "Look into the cache first, then into the database, and put what you found there into the cache, with a time to live. That a code does not exist is something you found, too: remember it under its own key, "
        "for a short time.",
        "Keep a map from code to the read that is under way (a future, a promise, a channel). Who asks for a code that is in it waits for that read instead of beginning one of its own. Take it out of the map when the read "
        "ends, also when it fails. Count hits, misses and errors where the cache is asked.",
    ],
)

_MANY = 160
_SLOW_S = 0.04  # long enough for all to come before the first read is done
_UNKNOWN = 10
_PATIENCE_S = 5.0


@caching.check
async def what_many_follow_is_not_read_again(links: LinksService, world: World) -> None:
    """Links that are followed again and again are answered without asking the database each time."""
    running = await links.start()
    codes = [(await running.make()).code for _ in range(world.draw.integer(1, 4))]
    for code in codes:
        await running.follow(code, status=302)
    statements = await Statements.measured(running.database)

    count = await statements.during(_followed(running, codes, _MANY, status=302))

    statements.demand(
        count,
        at_most=_MANY // 2,
        subject=f"reads in the database while {_MANY} followings of {_links(len(codes))} were answered",
        why="A link is followed far more often than it changes. Each of these links had been followed before, so a copy of it was at hand.",
    )


@caching.check
async def unknown_codes_are_remembered(links: LinksService, world: World) -> None:
    """A code that does not exist, and is asked for again and again, is not looked up in the database each time."""
    running = await links.start()
    unknown = [world.draw.word(8, 10) for _ in range(world.draw.integer(1, 3))]
    for code in unknown:
        await running.follow(code, status=404)
    statements = await Statements.measured(running.database)

    count = await statements.during(_followed(running, unknown, _MANY, status=404))

    statements.demand(
        count,
        at_most=_MANY // 2,
        subject=f"reads in the database while {_MANY} followings of codes that do not exist were answered",
        why="Who tries out codes, or follows a link with a typing mistake in a newsletter, would otherwise reach the database with every request: the cache has nothing for them.",
    )


@caching.check
async def a_stampede_reads_once(links: LinksService, world: World) -> None:
    """However many ask at a moment for one link that is not in the cache, an instance reads it from the database once."""
    many = 40 + world.draw.integer(0, 40)
    running = await links.start()
    code = (await running.make()).code
    newcomer = await running.start_instance()
    await running.instances[0].instance.kill()  # it would tell the cache of its links again
    await running.cache.empty()
    statements = await Statements.measured(running.database, seconds=0.5)

    async def arrive() -> None:
        await newcomer.ask("GET", "/healthz")

    async def ask() -> None:
        answer = await newcomer.ask("GET", f"/{code}", status=None)
        _demand_followed(answer)

    async def stampede() -> None:
        await together(*(ask() for _ in range(many)))

    await together(*(arrive() for _ in range(many)))  # the connections of all of them are open
    with slowed(running.database.proxy, Condition(Effect(delay_s=_SLOW_S), Direction.TO_CLIENT)):
        count = await statements.during(stampede())

    statements.demand(
        count,
        at_most=many // 3,
        subject=f"reads in the database while {many} asked at once for a link that was not in the cache",
        why="A cache that is emptied, or a much-followed link whose time has run out, would otherwise send everybody to the database in the same moment, and the slower it gets the more of them arrive.",
    )


@caching.check
async def hits_and_misses_are_counted(links: LinksService, world: World) -> None:
    """GET /metrics counts in cache_requests_total what the cache had, what it did not have, and when it could not be asked."""
    running = await links.start(roads=True)
    codes = [(await running.make()).code for _ in range(3)]
    before = await _counted(running)

    async def ask() -> dict[str, float]:
        await _followed(running, codes, 30, status=302)
        await _followed(running, [world.draw.word(8, 10) for _ in range(_UNKNOWN)], _UNKNOWN, status=404)
        return await _counted(running)

    after, deadline = await ask(), running.now() + _PATIENCE_S
    while _grown(before, after) != ["hit", "miss"] and running.now() < deadline:
        after = await ask()  # a cache that was slow for a moment is one that could not be asked

    expect(_grown(before, after), "the results whose cache_requests_total has grown").equals(
        ["hit", "miss"],
        why="Links that are there were followed again and again, and codes that do not exist were asked for. Whoever runs the service sees from this whether the cache does its work.",
    )
    await _demand_errors(running, world, after.get("error", 0))


def _grown(before: dict[str, float], after: dict[str, float]) -> list[str]:
    return [result for result in ("hit", "miss") if after.get(result, 0) > before.get(result, 0)]


async def _demand_errors(running: Running, world: World, before: float) -> None:
    road = running.instances[0].cache_road
    assert road is not None
    with lost(road, Loss.GONE):
        for number in range(20):
            await running.follow(f"{world.draw.word(8, 10)}-{number}", status={404, 503})
        after = (await _counted(running)).get("error", 0)
    expect(after - before, 'cache_requests_total{result="error"} grew by').at_least(
        1, why="The cache was cut off while 20 codes were asked for. It could not be asked, and that is no miss."
    )


async def _followed(running: Running, codes: list[str], times: int, *, status: int) -> None:
    """So many followings one after the other: those at the same time could share a read."""
    for number in range(times):
        await running.follow(codes[number % len(codes)], status=status)


def _demand_followed(answer: Answer) -> None:
    if answer.status not in {302, 503}:
        answer.blame(
            "status 302, or 503 since the database is slow",
            f"status {answer.line}",
            "The link is in the database. A cache that has forgotten it is no reason to have forgotten it, too.",
        )


_SERIES = re.compile(r"^cache_requests_total\{([^}]*)\}\s+(\S+)", re.MULTILINE)
_RESULT = re.compile(r'(?:^|,)\s*result="([^"]*)"')


async def _counted(running: Running) -> dict[str, float]:
    """What /metrics says of the cache, by result."""
    answer = await running.ask("GET", "/metrics", owner=None)
    found: dict[str, float] = {}
    for labels, value in _SERIES.findall(answer.text):
        result = _RESULT.search(labels)
        if result is None:
            fail(
                "the labels of cache_requests_total",
                expected='result="hit", "miss" or "error"',
                received=f"cache_requests_total{{{labels}}}",
                why="The contract names this label.",
            )
        found[result[1]] = found.get(result[1], 0.0) + float(value)
    return found


def _links(count: int) -> str:
    return "one link" if count == 1 else f"{count} links"
