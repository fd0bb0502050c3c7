"""Races of HTTP servers: how many small answers, how late, large files, and what a thousand idle connections cost.

Every heat is beside a client that reads whole answers and compares them, so that a server that is fast because it answers
something else does not win.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from functools import partial

from climb.judge.drivers.conversation import Conversation
from climb.judge.expect import expect
from climb.judge.load import HttpLoaded, HttpPlan, HttpRequest
from climb.projects.http.driver import Running
from climb.projects.http.stages.crowd import crowded
from climb.races.half_load import half_load
from climb.races.over_http import asked_too_slowly, loaded, repeated
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_HEALTHZ = "/healthz"
_LARGE = "/files/large.bin"
_LARGE_BYTES = 1 << 20
_HEAT_S = 1.0
_CONNECTIONS = 64
_LARGE_CONNECTIONS = 8
_IDLE = 1_000
_ASKED_AGAIN = 50
_SETTLE_S = 0.5  # garbage of the connecting is not what idle connections cost
_MIB = 1 << 20


# --- one load ---------------------------------------------------------------------------------------------------------


async def _loaded(field: Field, running: Running, target: str, sha256: str, **options: float | None) -> HttpLoaded:
    """Ask for one target, beside a client that compares what it reads."""
    request = running.request("GET", target)
    plan = HttpPlan(
        requests=(HttpRequest(data=request, name=f"GET {target}"),),
        **{"seconds": _HEAT_S, "connections": _CONNECTIONS, **options},  # type: ignore[arg-type]  # numbers by name
    )
    conversation = await running.converse(f"a client beside the load, GET {target}")
    compare = partial(_compare, running, conversation, target, sha256)
    try:
        return await loaded(field, running.instance, plan, status=200, beside=partial(repeated, compare))
    finally:
        conversation.close()


async def _compare(running: Running, conversation: Conversation, target: str, sha256: str) -> None:
    answer = await running.answer_to(running.request("GET", target), conversation=conversation)
    expect((answer.status, answer.body_sha256), f"status and SHA-256 of GET {target} under load").equals(
        (200, sha256), why="A heat counts only if its answers are right."
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- the races --------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _small_answers(field: Field) -> AsyncIterator[HeatOf]:
    servers = await _started(field)

    async def heat(side: Side) -> float:
        found = await _small(field, servers[side])
        field.doubt(asked_too_slowly(found))
        return found.answers_per_s

    yield heat


@contextlib.asynccontextmanager
async def _tail(field: Field) -> AsyncIterator[HeatOf]:
    servers = await _started(field)

    async def load(side: Side, *, seconds: float, rate_per_s: float | None = None, seed: int = 0) -> HttpLoaded:
        return await _small(field, servers[side], seconds=seconds, rate_per_s=rate_per_s, seed=seed)

    async with half_load(field, load) as heat:
        yield heat


@contextlib.asynccontextmanager
async def _large_file(field: Field) -> AsyncIterator[HeatOf]:
    content = field.draw.source().randbytes(_LARGE_BYTES)
    servers = await field.each(lambda side: _start(side, {"large.bin": content}))
    sha256 = _sha256(content)

    async def heat(side: Side) -> float:
        found = await _loaded(field, servers[side], _LARGE, sha256, connections=_LARGE_CONNECTIONS)
        field.doubt(asked_too_slowly(found))
        return found.answers_per_s * _LARGE_BYTES / _MIB

    yield heat


@contextlib.asynccontextmanager
async def _idle_memory(field: Field) -> AsyncIterator[HeatOf]:
    limits = crowded()

    async def heat(side: Side) -> float:
        running: Running = await side.driver.start(limits=limits)
        idle = [await running.converse(f"connection {number + 1}") for number in range(_IDLE)]
        for conversation in idle:
            await _served(running, conversation)
        await asyncio.sleep(_SETTLE_S)
        used = running.instance.memory().now
        for conversation in field.draw.source().sample(idle, _ASKED_AGAIN):
            await _served(running, conversation)
        for conversation in idle:
            conversation.close()
        await running.instance.kill()
        return used / _MIB

    yield heat


# --- parts of them ----------------------------------------------------------------------------------------------------


async def _started(field: Field) -> dict[Side, Running]:
    return await field.each(lambda side: _start(side, {}))


async def _start(side: Side, root: dict[str, bytes]) -> Running:
    running: Running = await side.driver.start(root=root)
    return running


async def _served(running: Running, conversation: Conversation) -> None:
    answer = await running.answer_to(running.request("GET", _HEALTHZ), conversation=conversation)
    expect(answer.text, "GET /healthz over one of a thousand connections").equals(
        "ok", why="A connection counts as open if it is served."
    )


async def _small(field: Field, running: Running, **options: float | None) -> HttpLoaded:
    """Small answers: at a rate, or each connection with its next request as soon as the last one is answered."""
    return await _loaded(field, running, _HEALTHZ, _sha256(b"ok"), **options)


RACES = (
    Race(
        id="small-answers",
        title="Small answers",
        unit="answers/s",
        better="higher",
        stages=("first-answer", "keep-alive"),
        tells="How much work one small request is for your program: reading the head, choosing, writing the answer, and the system calls around them.",
        run=_small_answers,
    ),
    Race(
        id="tail",
        title="99th percentile at half load",
        unit="ms",
        better="lower",
        stages=("first-answer", "keep-alive"),
        tells="How long an unlucky client waits when there is room for twice as many. What makes it wait is your own: pauses, queues, work in large portions.",
        run=_tail,
    ),
    Race(
        id="large-file",
        title="A file of 1 MiB",
        unit="MiB/s",
        better="higher",
        stages=("first-answer", "keep-alive", "files"),
        tells="How often a byte is copied on its way from the file to the socket. With sendfile(2) it is never in your program at all.",
        run=_large_file,
    ),
    Race(
        id="idle-memory",
        title="1,000 idle connections",
        unit="MiB",
        better="lower",
        stages=("first-answer", "keep-alive"),
        tells="What the program and a thousand connections that wait for nothing hold in memory: buffers, stacks, tasks.",
        run=_idle_memory,
        timed=False,
    ),
)
