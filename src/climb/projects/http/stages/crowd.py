"""Very many connections: what each costs, that each is served, and what happens when there is no room for another."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.expect import CannotTell, fail, within
from climb.judge.world import World
from climb.judge.world.ports import room_above
from climb.projects.http.driver import HttpServer, Running
from climb.projects.http.driver.mirrored import mirrored
from climb.projects.http.stages.waiting import demand_open

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation
    from climb.judge.drivers.http1 import Answer

__all__ = ["crowded", "demand_all_served", "demand_small", "few_descriptors"]

_OPEN_FILES = 4_096
_NEEDED = 1_100
_IDLE_KIB = 64
_WARM = 40
_SETTLE_S = 3.0  # memory that is garbage by now need not be counted
_FEW = 128
_MOST = 640  # a program of several processes has room for more
_WAITING = 4
_WAITS_S = 0.7
_QUIET_S = 1.0
_BURNS = 0.2  # of a processor; one that asks again and again without a pause takes all that it gets
_KIB = 1_024


def crowded() -> dict[str, int]:
    """The judge's limits for a program that gets a thousand connections. Raises CannotTell where this machine has less."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if files < _NEEDED or not room_above(_NEEDED):
        raise CannotTell(f"this machine allows {hard} open files, and a thousand connections need more")
    return {"open_files": files, "processes": 2 * _NEEDED}


async def _many(running: Running, count: int) -> list[Conversation]:
    """So many connections, each of which has been served once."""
    healthz = running.request("GET", "/healthz")
    made: list[Conversation] = []
    for number in range(count):
        conversation = await running.converse(f"connection {number + 1}")
        made.append(conversation)
        await _served(running, conversation, healthz, f"connection {number + 1} of {count}, all of them open")
    return made


async def _idle_cost(running: Running, count: int) -> tuple[list[Conversation], float]:
    """Connections that are idle, and what each of them costs in KiB."""
    idle = await _many(running, _WARM)
    before = running.instance.memory().now
    more = await _many(running, count - _WARM)
    deadline = time.monotonic() + _SETTLE_S
    while True:
        cost = (running.instance.memory().now - before) / len(more) / _KIB
        if cost <= _IDLE_KIB or time.monotonic() > deadline:
            return idle + more, cost
        await asyncio.sleep(0.2)


async def demand_small(running: Running, count: int) -> list[Conversation]:
    """So many idle connections, which do not cost too much each."""
    idle, cost = await _idle_cost(running, count)
    within(
        cost,
        _IDLE_KIB,
        "memory of an idle connection",
        unit="KiB",
        calibration=f"what the program used with {count} idle connections, less what it used with {_WARM}, for each",
        why="Most connections of most servers are idle. What each of them costs decides how many there can be.",
    )
    return idle


async def demand_all_served(running: Running, waiting: list[Conversation], rest: bytes, what: str) -> None:
    """Each of these gets its answer once the rest of its request is sent."""
    for number, conversation in enumerate(waiting, 1):
        mirrored(await _served(running, conversation, rest, f"connection {number} of {len(waiting)} {what}"))


async def few_descriptors(server: HttpServer, world: World) -> None:
    """Open connections until the program has no descriptor left; then look at it, and let some go."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _FEW:
        raise CannotTell(f"this machine allows {hard} open files")
    running = await server.start(limits={"open_files": _FEW})
    served, waiting = await _fill(running)
    if not waiting:
        return  # several processes, each with descriptors of its own: there is room for more than is worth opening

    spent, began = running.instance.cpu_seconds(), time.monotonic()
    await asyncio.sleep(_QUIET_S)
    elapsed = time.monotonic() - began
    within(
        running.instance.cpu_seconds() - spent,
        _BURNS * elapsed,
        f"processor time in {elapsed:.1f} s in which nothing happened",
        unit="s",
        calibration=f"{_BURNS:.0%} of a processor",
        why="A connection that can't be accepted stays in the queue, so the listening socket stays readable. Who asks for it again at once does so for ever: wait a "
        "moment, or until a connection was closed (accept(2), EMFILE).",
        saw=f"{len(served)} connections open, {len(waiting)} waiting, {_FEW} file descriptors",
    )
    healthz = running.request("GET", "/healthz")
    for conversation in world.draw.source().sample(served, min(10, len(served))):
        await _served(running, conversation, healthz, "a connection that was there before the descriptors ran out")
    for conversation in served[: 2 * _WAITING + 4]:
        conversation.close()
    for number, conversation in enumerate(waiting, 1):
        await _served(running, conversation, b"", f"connection {number} that had to wait, once others were closed")
    await running.alive()


async def _fill(running: Running) -> tuple[list[Conversation], list[Conversation]]:
    """Connections that were served, and a few more that have to wait."""
    healthz = running.request("GET", "/healthz")
    served: list[Conversation] = []
    while len(served) < _MOST:
        conversation = await running.converse(f"connection {len(served) + 1}")
        try:
            await conversation.ask(healthz, timeout_s=_WAITS_S)
        except TimedOut:
            waiting = [conversation]
            break
        except ConnectionLost:
            fail(
                f"connection {len(served) + 1} of a program with {_FEW} file descriptors",
                expected="an answer, or a wait until there is a descriptor for it",
                received="the end of the connection",
                why="When the program has no descriptor left, a new connection waits until there is one.",
            )
        served.append(conversation)
        demand_open(served[0])
    else:
        return served, []
    for number in range(2, _WAITING + 1):
        conversation = await running.converse(f"connection {len(served) + number}")
        await conversation.send(healthz)
        waiting.append(conversation)
    return served, waiting


async def _served(running: Running, conversation: Conversation, rest: bytes, what: str) -> Answer:
    try:
        if rest:
            await conversation.send(rest)
        answer = await conversation.answer(running.patience_s)
    except (ConnectionLost, TimedOut) as failure:
        fail(
            f"the answer to {what}",
            expected="200",
            received=f"none within {running.patience_s:.0f} s"
            if isinstance(failure, TimedOut)
            else "the end of the connection",
            why="Every connection is served, however many there are, and whatever the others do.",
        )
    answer.demand(200)
    return answer
