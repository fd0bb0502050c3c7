"""Stage 10: what was changed may be followed as it was for STALE_MS, on every instance, whatever is cached where and whatever is away."""

from __future__ import annotations

import asyncio
import contextlib

from climb.judge.stage import Stage
from climb.judge.together import together
from climb.judge.world import World
from climb.judge.world.effects import Condition, Effect
from climb.projects.links.driver import LinksService
from climb.projects.links.rules.staleness import Part
from climb.projects.links.stages.changes import Kind, draw_kind, draw_loss, draw_stale_ms, draw_turn, slowed
from climb.projects.links.stages.gone import Loss
from climb.projects.links.stages.site import Site

__all__ = ["staleness"]

_NOTICED_S = 1.5  # until an instance knows that a part is back, mostly; so each trouble is one of its own
_AGAIN = 9  # changes of a link that is new: its tenth version is the first of two digits
staleness = Stage(
    "staleness",
    "What may be old",
    concepts=["caching", "race-conditions", "http-caching", "fault-tolerance"],
    hints=[
        "Write down every place where a copy of a link can be: the cache, the memory of each instance, an answer of the database that is under way. For each of them: who ends its life when "
        "the link changes, and what if that one can't be reached just then?",
        "Two ways lead to a change: being told of it, through the cache, and asking for it, in the database. Either can be away. So give each copy in memory the time at which it was last known to be true, "
        "and answer from it for less than STALE_MS; then look again, at whichever of the two can tell. Take that time before you ask, not when the answer is there.",
        "Give each link a version that grows with each change, and let nobody replace a newer version in the cache by an older one: a reader that is slow would put back what it read before the change (use SET in a script or a "
        "transaction that compares). Whoever could not tell the cache of a change has to tell it when it is back. What comes out of a cache that may have missed something is checked against the "
        "database; if neither can be asked for STALE_MS, the answer is 503.",
    ],
)


@staleness.check
async def changes_are_seen_everywhere(links: LinksService, world: World) -> None:
    """A link that was changed or deleted is followed as it was before for at most STALE_MS, on every instance, also if it is changed again and again."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    codes = [await site.make() for _ in range(4)]
    often = await site.make()
    await site.warm([*codes, often])

    async with site.watched([*codes, often]):
        for _ in range(2):
            for code in codes:
                await draw_kind(world.draw).apply(site, code, instance=world.draw.integer(0, 1))
            await site.outlast()
        for number in range(_AGAIN):
            await site.change(often, instance=number % 2)
        await site.outlast()

    site.demand()


@staleness.check
async def made_links_are_there_at_once(links: LinksService, world: World) -> None:
    """A link that was made is there at once on every instance; a code that was asked for in vain shortly before is unknown for STALE_MS at most."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    stem = world.draw.word(6, 8)
    wanted, neighbour = f"{stem}-1", f"{stem}-2"
    asked_long_ago = f"{stem}-3"
    await site.warm([asked_long_ago])
    await site.outlast(0.1)

    await site.warm([wanted])
    for code in (wanted, neighbour, asked_long_ago):
        await site.make(code=code, instance=world.draw.integer(0, 1))
        for instance in site.instances:
            await site.follow(code, instance)
    async with site.watched([wanted, neighbour, asked_long_ago]):
        await site.outlast()

    site.demand(why="Each code that does not exist is remembered by itself, and no longer than STALE_MS.")


@staleness.check
async def an_expiry_is_never_stale(links: LinksService, world: World) -> None:
    """A link that expires ends at its moment on every instance, however it is cached; one that gets more time is followed on."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    short_s = 0.9 + world.draw.integer(0, 40) / 100
    plain = await site.make(expires_s=short_s)
    revived = await site.make(expires_s=short_s / 2)
    freed = await site.make(expires_s=short_s + 3)
    codes = [plain, revived, freed]
    await site.warm(codes)

    async with site.watched(codes):
        await site.end_at(freed, 0.5, instance=1)
        await asyncio.sleep(short_s / 2)
        await site.end_at(revived, 60.0, instance=world.draw.integer(0, 1))
        await asyncio.sleep(short_s / 2)
        await site.outlast()

    site.demand()


@staleness.check
async def slow_readers_put_nothing_back(links: LinksService, world: World) -> None:
    """Who read a link before it was changed, and reaches the cache after, does not bring back what it was."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    codes = [await site.make() for _ in range(6)]
    late_s = 0.2
    road = site.running.instances[1].cache_road
    assert road is not None

    async def read(code: str) -> None:
        await site.follow(code, 1)

    async def change(code: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await site.change(code, instance=0)

    await site.running.cache.empty()
    await site.outlast(0.1)
    with slowed(road, Condition(Effect(delay_s=late_s))):
        changes = [change(code, late_s * 4 * world.draw.integer(1, 99) / 100) for code in codes]
        await together(*(read(code) for code in codes), *changes)
    async with site.watched(codes):
        await site.outlast(0.8)

    site.demand(
        why="A reader of the database can be overtaken by a change. What it puts into the cache then is older than what is there."
    )


@staleness.check
async def a_cache_that_was_not_told(links: LinksService, world: World) -> None:
    """A change during which the cache was away from the instance that makes it, or from the one that follows it, is found in the database."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    whom = world.draw.sample([0, 1], 2)

    for instance in whom:
        codes = [await site.make() for _ in range(3)]
        await site.warm(codes)
        async with site.watched(codes), site.away(Part.CACHE, [instance], draw_loss(world.draw)):
            await asyncio.sleep(world.draw.integer(0, 20) / 100)
            for code in codes:
                await draw_kind(world.draw).apply(site, code, instance=0)
            await site.outlast()
        await asyncio.sleep(_NOTICED_S)

    site.demand(why="The cache could not be told of this change, so its copy is old, and so is that of each memory.")


@staleness.check
async def a_cache_that_comes_back(links: LinksService, world: World) -> None:
    """A cache that was away from all and comes back with what it had before brings back no old link."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    codes = [await site.make() for _ in range(4)]
    await site.warm(codes)

    async with site.watched(codes):
        async with site.away(Part.CACHE, site.instances, draw_loss(world.draw)):
            await asyncio.sleep(0.2)
            for code in codes:
                await draw_kind(world.draw).apply(site, code, instance=world.draw.integer(0, 1))
            await asyncio.sleep(world.draw.integer(0, 80) / 100)
        await site.outlast(1.2)

    site.demand(why="The cache was away while the link was changed, and came back with the link as it was before.")


@staleness.check
async def a_database_that_cannot_be_asked(links: LinksService, world: World) -> None:
    """An instance without its database learns of changes from the cache."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    codes = [await site.make() for _ in range(4)]
    await site.warm(codes)

    async with site.watched(codes, [1]), site.away(Part.DATABASE, [1], draw_loss(world.draw)):
        await asyncio.sleep(world.draw.integer(0, 40) / 100)
        for code, kind in zip(codes, (Kind.CHANGE, Kind.DELETE, Kind.END, Kind.CHANGE), strict=True):
            await kind.apply(site, code, instance=0)
        await site.outlast(0.8)

    site.demand(why="The instance that changed it could tell the cache, and this one could ask the cache.")


@staleness.check
async def nobody_follows_blindly(links: LinksService, world: World) -> None:
    """An instance that can ask neither database nor cache follows no link for longer than STALE_MS; the others go on."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    codes = [await site.make() for _ in range(2)]
    await site.warm(codes)
    parts = world.draw.sample([Part.DATABASE, Part.CACHE], 2)

    async with site.watched(codes):
        async with contextlib.AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(site.away(part, [1], draw_loss(world.draw)))
                await asyncio.sleep(world.draw.integer(0, 30) / 100)
            await site.change(codes[0], instance=0)
            await site.outlast(0.6)
        await site.outlast()

    site.demand()


@staleness.check(early=True)
async def whatever_is_away(links: LinksService, world: World) -> None:
    """Under changes in any order, while parts come and go for one instance or the other, and one trouble follows the other, no answer is older than it may be."""
    site = await Site.opened(links, world, stale_ms=draw_stale_ms(world.draw))
    codes = [await site.make() for _ in range(3)]
    await site.warm(codes)

    turns = world.draw.some(lambda: draw_turn(world.draw), at_least=2, at_most=4)
    async with site.watched(codes):
        for turn in turns:
            async with site.away(turn.part, [turn.whom], turn.loss):
                await asyncio.sleep(turn.before_s)
                for kind in turn.kinds:
                    await kind.apply(site, world.draw.choice(codes), instance=1 - turn.whom)
                    await asyncio.sleep(turn.after_s)
            await asyncio.sleep(turn.after_s)
        await site.outlast()
    await _two_in_a_row(site, draw_loss(world.draw))

    site.demand()


async def _two_in_a_row(site: Site, second: Loss) -> None:
    """One instance changes a link and can't tell the cache; right after, without its database, it has to learn from the cache that the other one changed it again."""
    codes = [await site.make() for _ in range(3)]
    await site.warm(codes)
    async with site.watched(codes, [1]):  # who follows on the other one would put right what is in the cache
        async with site.away(Part.CACHE, [1], Loss.GONE):
            for code in codes:
                await site.change(code, instance=1)
        async with site.away(Part.DATABASE, [1], second):
            for code in codes:
                await site.change(code, instance=0)
            await site.outlast(1.0)
