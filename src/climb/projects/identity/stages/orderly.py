"""SIGTERM while people log in: who had begun is served, nobody new is taken, and the program is gone soon."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.life import ADDRESS
from climb.judge.expect import fail
from climb.judge.on_time import clock
from climb.projects.identity.stages.in_line import Crowd, login_s

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.on_time import Clock
    from climb.judge.world import World
    from climb.projects.identity.driver import IdentityService, Running

__all__ = ["demand_orderly_end"]

_WORK_S = 2.0
_LEAST, _MOST = 8, 60
_SETTLE_S = 0.2
_LONGEST_S = 10.0
_POLL_S = 0.05


async def demand_orderly_end(identity: IdentityService, world: World) -> None:
    """Logins that are in line at SIGTERM are answered, new connections are refused, and the exit code is 0 in time."""
    running = await identity.start(failures=100)
    count = min(max(int(_WORK_S / await login_s(running, tries=3)), _LEAST), _MOST) + world.draw.integer(0, 4)
    async with clock() as watch:
        crowd = asyncio.create_task(Crowd(running, world, count).comes(over_s=0.0))
        try:
            await asyncio.sleep(_SETTLE_S)
            await running.ask("GET", "/healthz", why="What was sent before this is read by now.")
            asked = running.instance.terminate()
            await _refused(identity, running, watch, asked)
            answers = await _all_answered(crowd)
        finally:
            crowd.cancel()
            await asyncio.gather(crowd, return_exceptions=True)
        for answer in answers:
            if answer.status != 200:
                answer.blame("200", answer.line, "It was in line before SIGTERM, and the line was short enough for it.")
        await running.instance.stop(grace_s=watch.allowed_s(_LONGEST_S))


async def _refused(identity: IdentityService, running: Running, watch: Clock, asked: float) -> None:
    """Soon after SIGTERM nobody new is taken."""
    service = identity.service
    while True:
        client = service.json_client((ADDRESS, running.port), port="PORT")
        try:
            answer = await client.ask("GET", "/healthz", status=None)
        except (ConnectionLost, TimedOut):
            return
        finally:
            client.close()
        if answer.asked_at - asked > watch.allowed_s(0.0):
            answer.blame(
                "no new connection after SIGTERM",
                f"{answer.line}, {answer.asked_at - asked:.2f} s after it",
                "Whoever connects now should go to another instance at once, and not to one that is about to end.",
            )
        await asyncio.sleep(_POLL_S)


async def _all_answered(crowd: asyncio.Task[list[Answer]]) -> list[Answer]:
    try:
        return await crowd
    except (ConnectionLost, TimedOut) as lost:
        fail(
            "logins that were under way at SIGTERM",
            expected="an answer to each of them",
            received=str(lost.subject),
            why="Their requests were there before SIGTERM. What was begun is finished: a login that is cut off may have happened, and nobody knows.",
        )
