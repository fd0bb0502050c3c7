"""Stage 12: kill -9 of the service, the database and the cache at any moment. What was answered with 2xx is there, and what was deleted stays away."""

from __future__ import annotations

import asyncio

from climb.judge.audit import Audit, drawn_kills, place_of
from climb.judge.calibration import calibrate_start
from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.expect import expect, fail
from climb.judge.faults import Injecting, Latency, Reset
from climb.judge.history import Recorder
from climb.judge.stage import Stage
from climb.judge.together import in_background
from climb.judge.world import World
from climb.judge.world.effects import Direction
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.stages.clicks_of import clicks_reach
from climb.projects.links.stages.writers import Followers, Owner

__all__ = ["durable"]

durable = Stage(
    "durable",
    "Nothing acknowledged is lost",
    concepts=["transactions", "write-ahead-logs", "delivery-guarantees", "idempotency"],
    hints=[
        "For each thing that your program tells somebody, name the place where it is at that moment, and who may die without it being gone: this program, the database, the cache, the machine's memory of a file.",
        "Answer 2xx only when the transaction is committed, with the server's own synchronous_commit. A click is told by a 302: so it has to be in a file in DATA_DIR, handed to the kernel with write(), before the answer leaves; kill -9 does not take "
        "what the kernel has. The cache is never the only place of anything.",
        "Clicks go from the file to the database in batches. A batch whose COMMIT was not answered may be there or not; so give each batch a number, and write that number into a table in the same transaction as the counts: a batch whose number is there is not added again. At the "
        "start read what the file still has, and cut a last line that is only half there. An import is one transaction, and DELETE leaves a row that says so.",
    ],
)

_WRITERS = 3
_BACK_S = 5.0
_LINES = 3_000
_CUTS = 5
_LATE_MS = 40  # for so long an answer of the database is on its way
_WAIT_S = 2.5  # for a transaction that ends
_LOOK_S = 0.004
_ENDED = """
SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND state = 'idle' AND query ~* '^\\s*(commit|end|insert|update|with)'
AND clock_timestamp() - state_change < interval '35 ms'
"""
_TWICE_S = 0.6  # in which what is counted twice would show
_WHY = "Whoever got this answer relies on it."


@durable.check
async def what_was_answered_is_in_the_database(links: LinksService, world: World) -> None:
    """A link that was made or changed is in the database when the answer comes, not only in a cache or a file."""
    running = await links.start()
    owner = Owner(running, Audit(Recorder(clock=world.now)), world, "anna", world.draw.word(5, 6))

    for number in range(world.draw.integer(3, 6)):
        code, url = await owner.made(number)
        await owner.demand_held(url, f"POST /v1/links made {code}")
        changed = await owner.changed(code)
        await owner.demand_held(changed, f"PATCH /v1/links/{code} changed it")


@durable.check
async def what_was_answered_outlives_kills(links: LinksService, world: World) -> None:
    """Links are made, changed and deleted while service, database and cache are killed in turn; what was acknowledged holds, and what was deleted stays away."""
    database = await world.database(alone=True)
    running = await links.start(database=database)
    audit = Audit(Recorder(clock=world.now))
    word = world.draw.word(5, 6)
    owners = [Owner(running, audit, world, f"owner{number}", word) for number in range(1, _WRITERS + 1)]
    places = [place_of(running.instances[0].instance), database.place, running.cache.place]

    await audit.under_kills([owner.writes for owner in owners], drawn_kills(world.draw, places, at_least=3, at_most=4))

    shown, followed = {}, {}
    for owner in owners:
        for code in owner.codes:
            shown[code] = await owner.shown(code)
            followed[code] = await owner.followed(code)
    audit.demand_states(shown, where="GET /v1/links/{code}", why=_WHY)
    audit.demand_states(followed, where="GET /{code}", why=_WHY)


@durable.check
async def clicks_outlive_kills(links: LinksService, world: World) -> None:
    """Links are followed while service, database and cache are killed in turn; each following that was answered is counted, and none twice."""
    database = await world.database(alone=True)
    running = await links.start(database=database)
    codes = [(await running.make()).code for _ in range(_WRITERS)]
    audit = Audit(Recorder(clock=world.now))
    followers = Followers(running, audit, codes)
    places = [place_of(running.instances[0].instance), database.place, running.cache.place]

    await audit.under_kills(
        [followers.of(code) for code in codes], drawn_kills(world.draw, places, at_least=3, at_most=5)
    )

    within_s = _BACK_S + 10 * (await calibrate_start()).seconds
    counts = {code: await clicks_reach(running, code, followers.seen(code), within_s=within_s) for code in codes}
    await asyncio.sleep(_TWICE_S)
    counts |= {code: max(count, (await running.read(code)).clicks) for code, count in counts.items()}
    audit.demand_counts(
        counts,
        where=f"`clicks` of GET /v1/links/{{code}}, {_BACK_S:g} s later,",
        why="The one whose answer a client has seen is counted, once, whatever dies afterwards.",
    )


@durable.check
async def a_lost_commit_counts_once(links: LinksService, world: World) -> None:
    """Clicks are counted once also if the connection to the database breaks between a COMMIT and its answer."""
    running = await links.start()
    code = (await running.make()).code
    seen = caught = 0
    recorder = Recorder(clock=world.now)

    async def follow() -> None:
        nonlocal seen
        while True:
            seen += (await running.follow(code, status={302, 503})).status == 302
            await asyncio.sleep(0.01)

    async with Injecting(running.database.place, recorder) as faults, in_background(follow()):
        for _ in range(_CUTS):
            late, cut = Latency(_LATE_MS, direction=Direction.TO_CLIENT), Reset()
            await faults.inject(late)
            caught += await _committed(running, within_s=_WAIT_S)
            await faults.inject(cut)
            await faults.heal(late)
            await faults.heal(cut)
            await asyncio.sleep(world.draw.integer(10, 30) / 100)
    within_s = _BACK_S + 10 * (await calibrate_start()).seconds
    await clicks_reach(running, code, seen, within_s=within_s)
    await asyncio.sleep(_TWICE_S)

    expect((await running.read(code)).clicks, f"clicks of /{code}").satisfies(
        lambda clicks: seen <= clicks <= seen + 1,  # the last following was given up
        expected=f"{seen}, or {seen + 1}",
        why="A transaction whose COMMIT was not answered may have happened. Who sends the same clicks again has to find out first, or they count twice; who does not, loses them.",
        saw=f"connections to the database were reset {_CUTS} times, {caught} of them while the answer to a COMMIT or a single statement was on its way",
    )


@durable.check
async def an_import_is_whole_or_not_at_all(links: LinksService, world: World) -> None:
    """An import during which the service is killed has made all of its links or none."""
    running = await links.start()
    stem = world.draw.word(6, 8)
    lines = b"".join(
        b'{"url": "https://example.org/%d", "code": "%b-%d"}\n' % (number, stem.encode(), number)
        for number in range(_LINES)
    )
    took_s = await _imported(running, lines.replace(stem.encode(), stem.encode() + b"_"))

    for part in sorted(world.draw.sample(range(1, 20), 2)):
        sent = lines.replace(stem.encode(), f"{stem}{part}".encode())
        importing = asyncio.create_task(_ask_to_import(running, sent))
        await asyncio.sleep(took_s * part / 20)
        await running.instances[0].instance.kill()
        answered = await importing
        await running.instances[0].instance.start()
        await _demand_whole(running, f"{stem}{part}-", answered=answered, at_s=took_s * part / 20)


async def _committed(running: Running, *, within_s: float) -> bool:
    """Wait until the program has written something, and does not know it yet; False if that does not come in time."""
    deadline = running.now() + within_s
    while running.now() < deadline:
        if await running.database.rows(_ENDED, running.database.name):
            return True
        await asyncio.sleep(_LOOK_S)
    return False


async def _imported(running: Running, lines: bytes) -> float:
    """How long an import of so many lines takes when nobody is killed."""
    began = running.now()
    if not await _ask_to_import(running, lines):
        fail(
            f"the answer to an import of {_LINES:,} lines",
            expected="200",
            received="another one, or none",
            why="All lines are good (stage 8).",
        )
    return running.now() - began


async def _ask_to_import(running: Running, lines: bytes) -> bool:
    """Whether it was answered with 200."""
    fields = (("Content-Type", "application/x-ndjson"),)
    try:
        answer = await running.ask("POST", "/v1/imports", body=lines, fields=fields, status=None, once=True)
    except (ConnectionLost, TimedOut):
        return False
    return answer.status == 200


async def _demand_whole(running: Running, stem: str, *, answered: bool, at_s: float) -> None:
    found, query = 0, f"limit=200&q={stem}"
    page = await running.page(query)
    while True:
        found += sum(link.code.startswith(stem) for link in page.items)
        if page.next is None:
            break
        page = await running.page(f"{query}&after={page.next}")
    if found == _LINES or (found == 0 and not answered):
        return
    fail(
        f"how many of {_LINES:,} links of an import are there after kill -9",
        expected=f"{_LINES:,}" if answered else f"{_LINES:,} or 0",
        received=f"{found:,}",
        why="The good lines are made together or not at all. Who got no answer sends the import again, and must not find half of it taken.",
        saw=f"the program was killed {at_s:.3f} s after the import was begun{', and had answered 200' if answered else ''}",
    )
