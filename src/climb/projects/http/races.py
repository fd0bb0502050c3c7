"""Races of HTTP servers: how many small answers, how late, large files, and what a thousand idle connections cost.

Every heat is beside a client that reads whole answers and compares them, so that a server that is fast because it answers
something else does not win.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import statistics
from collections.abc import AsyncIterator

from climb.judge.drivers.conversation import Conversation
from climb.judge.evidence import Latencies, Percentiles
from climb.judge.expect import CannotTell, expect
from climb.judge.load import Histogram, HttpLoaded, HttpPlan, HttpRequest
from climb.projects.http.driver import Running
from climb.projects.http.stages.crowd import crowded
from climb.races.over_load import over_load
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_HEALTHZ = "/healthz"
_LARGE = "/files/large.bin"
_LARGE_BYTES = 1 << 20
_HEAT_S = 1.0
_OPEN_HEAT_S = 1.5  # at a rate, so that the 99th percentile is that of many requests
_CONNECTIONS = 64
_LARGE_CONNECTIONS = 8
_AROUND_S = 20.0  # for starting and ending a load
_READER_PAUSE_S = 0.1
_WHOLE = 0.9  # of a processor: a client that is hardly ever without work is asked for more than it can
_SHARES = (0.2, 0.4, 0.6, 0.8, 0.95)  # of the slower side's most
_FURTHER = (0.5, 0.9)  # of the faster side's own
_IDLE = 1_000
_ASKED_AGAIN = 50
_SETTLE_S = 0.5  # garbage of the connecting is not what idle connections cost
_MIB = 1 << 20
_Drawn = tuple[str, list[tuple[float, float]]]  # a line's name, and points of rate and milliseconds


# --- one load ---------------------------------------------------------------------------------------------------------


def _plan(running: Running, target: str, **options: float | None) -> HttpPlan:
    request = HttpRequest(data=running.request("GET", target), name=f"GET {target}")
    return HttpPlan(requests=(request,), **{"seconds": _HEAT_S, "connections": _CONNECTIONS, **options})  # type: ignore[arg-type]  # numbers by name


async def _loaded(field: Field, running: Running, plan: HttpPlan, target: str, sha256: str) -> HttpLoaded:
    """Run a load, every request of which must be answered with 200, beside a client that compares what it reads."""
    conversation = await running.converse(f"a client beside the load, GET {target}")
    reader = asyncio.create_task(_compare(running, conversation, target, sha256))
    try:
        with field.measured(running.instance):
            async with running.instance.http_load("PORT", plan) as load:
                loaded = await load.finished(timeout_s=plan.seconds + plan.patience_s + _AROUND_S)
    finally:
        reader.cancel()
        await asyncio.wait([reader])
        conversation.close()
    if not reader.cancelled():
        reader.result()  # raises what it found
    if loaded is None:
        raise CannotTell("the load did not end in its time")
    _demand_answers(loaded)
    return loaded


async def _compare(running: Running, conversation: Conversation, target: str, sha256: str) -> None:
    request = running.request("GET", target)
    while True:
        answer = await running.answer_to(request, conversation=conversation)
        expect((answer.status, answer.body_sha256), f"status and SHA-256 of GET {target} under load").equals(
            (200, sha256), why="A heat counts only if its answers are right."
        )
        await asyncio.sleep(_READER_PAUSE_S)


def _demand_answers(loaded: HttpLoaded) -> None:
    found = {
        "answers by status": loaded.by_status,
        "lost": sum(loaded.errors.values()),
        "without an answer": loaded.unanswered + loaded.unsent,
    }
    expect(found, "what came of the requests of a heat").equals(
        {"answers by status": {200: loaded.sent}, "lost": 0, "without an answer": 0},
        why="A heat counts only if every request is answered with 200; one that is lost costs a server nothing.",
        saw=", ".join(loaded.errors) or None,
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- the races --------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _small_answers(field: Field) -> AsyncIterator[HeatOf]:
    servers = await _started(field)

    async def heat(side: Side) -> float:
        loaded = await _fastest(field, servers[side])
        field.doubt(_asked_too_slowly(loaded))
        return loaded.answers_per_s

    yield heat


@contextlib.asynccontextmanager
async def _tail(field: Field) -> AsyncIterator[HeatOf]:
    servers = await _started(field)
    most = await _most_of_each(field, servers)
    rate = min(most.values()) / 2
    latencies = {side: Histogram() for side in field.sides}

    async def heat(side: Side) -> float:
        loaded = await _at(field, servers[side], rate, seed=field.turn)
        field.doubt(loaded.doubt)
        if field.turn:
            latencies[side] += loaded.latencies
        return loaded.latencies.percentile_ms(99)

    yield heat
    curves = tuple(Percentiles(label=side.name, points=latencies[side].curve()) for side in field.sides)
    field.evidence.append(Latencies(subject=f"latency at {rate:,.0f} requests a second", unit="ms", curves=curves))
    field.plots.append(over_load(await _lines_over_load(field, servers, most)))


@contextlib.asynccontextmanager
async def _large_file(field: Field) -> AsyncIterator[HeatOf]:
    content = field.draw.source().randbytes(_LARGE_BYTES)
    servers = await field.each(lambda side: _start(side, {"large.bin": content}))
    sha256 = _sha256(content)

    async def heat(side: Side) -> float:
        running = servers[side]
        plan = _plan(running, _LARGE, connections=_LARGE_CONNECTIONS)
        loaded = await _loaded(field, running, plan, _LARGE, sha256)
        field.doubt(_asked_too_slowly(loaded))
        return loaded.answers_per_s * _LARGE_BYTES / _MIB

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


async def _fastest(field: Field, running: Running) -> HttpLoaded:
    """Small answers as fast as they come, each connection with its next request as soon as the last one is answered."""
    return await _loaded(field, running, _plan(running, _HEALTHZ), _HEALTHZ, _sha256(b"ok"))


def _asked_too_slowly(loaded: HttpLoaded) -> str:
    """Why a rate may be the judge's own; empty if it had processor time left. Waiting for a processor is no limit of its own."""
    share = loaded.cpu_s / loaded.seconds
    return (
        f"the judge used {share:.0%} of a processor to ask, and may be what limits the faster side"
        if share > _WHOLE
        else ""
    )


async def _most_of_each(field: Field, servers: dict[Side, Running]) -> dict[Side, float]:
    """The same for each side: the median of three, in turns."""
    found: dict[Side, list[float]] = {side: [] for side in field.sides}
    for _ in range(3):
        for side, loaded in (await field.each(lambda side: _fastest(field, servers[side]))).items():
            found[side].append(loaded.answers_per_s)
    return {side: statistics.median(rates) for side, rates in found.items()}


async def _at(
    field: Field, running: Running, rate: float, *, seconds: float = _OPEN_HEAT_S, seed: int = 0
) -> HttpLoaded:
    plan = _plan(running, _HEALTHZ, rate_per_s=rate, seconds=seconds, seed=seed)
    return await _loaded(field, running, plan, _HEALTHZ, _sha256(b"ok"))


async def _lines_over_load(field: Field, servers: dict[Side, Running], most: dict[Side, float]) -> list[_Drawn]:
    """Median and 99th percentile at several rates: the same for both, and further ones for the faster."""
    slower = min(most.values())

    async def lines(side: Side) -> list[_Drawn]:
        own = (share * most[side] for share in _FURTHER)
        rates = sorted({share * slower for share in _SHARES} | {rate for rate in own if rate > slower})
        found = [(rate, (await _at(field, servers[side], rate, seconds=_HEAT_S)).latencies) for rate in rates]
        return [
            (f"{side.name}, {label}", [(rate, each.percentile_ms(percentile)) for rate, each in found])
            for label, percentile in (("median", 50.0), ("99 %", 99.0))
        ]

    return [line for both in (await field.each(lines)).values() for line in both]


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
