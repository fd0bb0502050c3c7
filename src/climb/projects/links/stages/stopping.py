"""Stage 14: one instance after the other is stopped and started again while people follow links, and nobody notices."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from climb.judge.calibration import calibrate_start
from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.expect import fail
from climb.judge.stage import Stage
from climb.judge.together import done_meanwhile
from climb.judge.world import World
from climb.judge.world.effects import Condition, Effect
from climb.projects.links.driver import LinksService, Running
from climb.projects.links.stages.changes import draw_loss, slowed
from climb.projects.links.stages.clicks_of import clicks_reach
from climb.projects.links.stages.gone import Loss, lost
from climb.projects.links.stages.rolling import Fleet

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["stopping"]

stopping = Stage(
    "stopping",
    "Stopped while people follow",
    concepts=["graceful-shutdown", "signals", "load-balancing", "idempotency"],
    hints=[
        "Two instances run, and each is to be replaced by a newer one. What has an instance begun at the moment of SIGTERM, what has it promised, and who goes on with it?",
        "Close the listening socket first. Then finish the requests whose heads are there, with Connection: close, and close the connections that are idle. Then write down what is only in memory: clicks above all. "
        "What can't be written to the database stays in DATA_DIR for the next start.",
        "Put a bound of less than ten seconds on all of it, measured from the signal: a client that never sends the rest of its body, a database that is silent and a cache that does not answer may not hold "
        "the program longer. Cancel the loops that run in the background and wait for them, so that the exit code is 0.",
    ],
)

_LONGEST_S = 10.0
_BACK_S = 5.0
_SETTLE_S = 0.15
_POLL_S = 0.05
_AT_ONCE_S = 1.0
_LINES = 4_000
_LATE_S = 0.08  # of the database: an import has several round trips, so it is under way for some tenths of a second


@stopping.check
async def a_rolling_restart_loses_no_request(links: LinksService, world: World) -> None:
    """While two instances are restarted one after the other, every request is answered by one of them, and every click is counted once."""
    running = await links.start(instances=2)
    codes = [(await running.make()).code for _ in range(world.draw.integer(2, 5))]
    fleet = Fleet(running, codes, world)

    async with done_meanwhile(*fleet.clients()):
        await asyncio.sleep(0.3)
        for number in world.draw.sample(range(2), 2):
            await running.instances[number].instance.stop(grace_s=await _grace_s())
            fleet.out(number)
            await running.instances[number].instance.start()
            fleet.back(number)
            await asyncio.sleep(0.3)
        fleet.end()

    fleet.demand_nothing_lost()
    await fleet.demand_made()
    await fleet.demand_counted()


@stopping.check
async def what_was_begun_is_finished(links: LinksService, world: World) -> None:
    """A request that is under way at SIGTERM is answered as if nothing had happened."""
    running = await links.start(roads=True)
    road = running.instances[0].database_road
    assert road is not None
    host = "https://example.org/"
    lines = b"".join(b'{"url": "%s%d"}\n' % (host.encode(), number) for number in range(_LINES))
    fields = (("Content-Type", "application/x-ndjson"),)
    with slowed(road, Condition(Effect(delay_s=_LATE_S))):
        importing = asyncio.create_task(
            _answered(
                running, "POST", "/v1/imports", body=lines, fields=fields, timeout_s=running.patience_s + _LONGEST_S
            )
        )
        await asyncio.sleep(world.draw.integer(5, 12) / 100)

        running.instances[0].instance.terminate()

        answer = await importing
    if not isinstance(answer, str) and answer.status == 200 and len(answer.body.splitlines()) == _LINES:
        return
    fail(
        f"the answer to an import of {_LINES:,} lines that was under way at SIGTERM",
        expected=f"200, and {_LINES:,} lines",
        received=answer
        if isinstance(answer, str)
        else f"{answer.line}, and {len(answer.body.splitlines()):,} lines: {answer.text[:120]}",
        why="The program finishes what it has begun. Who asked does not know that it is about to end, and would not know what became of the links.",
    )


@stopping.check
async def no_new_connections_are_taken(links: LinksService, world: World) -> None:
    """After SIGTERM no new connection is taken, also while a request is still under way."""
    running = await links.start(roads=True)
    code = (await running.make()).code
    await running.follow(code, status=302)
    one = running.instances[0]
    assert one.database_road is not None

    with lost(one.database_road, Loss.SILENT):
        waiting = asyncio.create_task(
            _answered(running, "POST", "/v1/links", json={"url": f"https://example.org/{world.draw.word()}"})
        )
        await asyncio.sleep(_SETTLE_S)
        asked = one.instance.terminate()
        limit_s = _AT_ONCE_S + 10 * (await calibrate_start()).seconds
        while (taken := await _taken(running, code)) is not None and one.instance.running:
            if running.now() - asked > limit_s:
                fail(
                    f"a new connection {running.now() - asked:.2f} s after SIGTERM",
                    expected="refused",
                    received=taken,
                    why="Close the listening socket first. Whoever connects now should go to another instance at once, and not wait for one that is about to end.",
                )
            await asyncio.sleep(_POLL_S)
        await waiting


@stopping.check(early=True)
async def it_ends_whatever_is_away(links: LinksService, world: World) -> None:
    """It ends with code 0 within 10 seconds, although database and cache are silent and a client never sends the rest of its request."""
    running = await links.start(roads=True)
    code = (await running.make()).code
    await running.follow(code, status=302)
    one = running.instances[0]
    assert one.database_road is not None
    assert one.cache_road is not None
    half = await one.instance.converse("PORT", name="never sends the rest of its request")
    await half.send(b"POST /v1/links HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    idle = await one.instance.converse("PORT", name="is idle")
    await idle.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    losses = [draw_loss(world.draw) for _ in range(2)]

    with contextlib.ExitStack() as stack:
        for road, loss in zip((one.database_road, one.cache_road), losses, strict=True):
            stack.enter_context(lost(road, loss))
        await asyncio.sleep(_SETTLE_S)
        await one.instance.stop(grace_s=await _grace_s())


@stopping.check
async def clicks_wait_for_the_database(links: LinksService, world: World) -> None:
    """Clicks that could not reach the database before the stop are counted after the next start with the same DATA_DIR."""
    running = await links.start(roads=True)
    code = (await running.make()).code
    one = running.instances[0]
    assert one.database_road is not None
    times = world.draw.integer(5, 40)
    await running.follow(code, status=302)

    with lost(one.database_road, draw_loss(world.draw)):
        seen = 1
        for _ in range(times):
            seen += (await running.follow(code, status={302, 503})).status == 302
        await one.instance.stop(grace_s=await _grace_s())
    await one.instance.start()

    total = await clicks_reach(running, code, seen, within_s=_BACK_S)
    if total != seen:
        fail(
            f"clicks of /{code}, {_BACK_S:g} s after the program was ready again",
            expected=f"{seen}",
            received=f"{total}",
            why="Each of these was answered with 302, some while the database was away. What the program could not write there it keeps in DATA_DIR, and counts once when it can.",
        )


async def _grace_s() -> float:
    """The ten seconds of the contract, and what a busy machine adds."""
    return _LONGEST_S + 10 * (await calibrate_start()).seconds


async def _answered(running: Running, method: str, target: str, **options: object) -> Answer | str:
    """The answer, or in words why there is none."""
    try:
        return await running.ask(method, target, status=None, **options)  # type: ignore[arg-type]
    except ConnectionLost:
        return "the end of the connection, and no whole answer"
    except TimedOut:
        return "no answer"


async def _taken(running: Running, code: str) -> str | None:
    """What becomes of a new connection, in words; None if it is refused, or ended without an answer."""
    try:
        conversation = await running.instances[0].instance.converse("PORT", name="comes after SIGTERM")
    except (ConnectionLost, TimedOut):
        return None
    try:
        answer = await conversation.ask(
            b"GET /%b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % code.encode(), timeout_s=_AT_ONCE_S
        )
    except ConnectionLost:
        return None
    except TimedOut:
        return f"accepted, and no answer within {_AT_ONCE_S:g} s"
    finally:
        conversation.close()
    return f"accepted, and answered with {answer.line}"
