"""An entry of a cache runs out while many ask for it: how many reach the database, by what is done against it.

Two real servers: a Valkey holds the entry, a PostgreSQL is asked, and counts how often.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.servers import cache, database, pooled, talking_to, why_no_cache, why_no_database
from climb.labs.statistics import Estimate, median, median_estimate
from climb.labs.words import number

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types
    from redis.asyncio import Redis

__all__ = ["EARLY", "FLIGHT", "LOCK", "NOTHING", "WAYS", "lab"]

NOTHING, FLIGHT, LOCK, EARLY = (
    "nothing",
    "single flight in each copy",
    "a lock in the cache",
    "renewed early, at a drawn moment",
)
WAYS = (NOTHING, FLIGHT, LOCK, EARLY)
_ASKED = "queries that reached the database: {}"
_WAITED = "requests that waited: {}"
_QUERY = "time of a query"
_VERSION = "PostgreSQL"

_KEY, _LOCK_KEY = "front-page", "front-page:lock"
_MOST_ROUNDS, _LEAST_ROUNDS = 15, 5
_ENOUGH_SECONDS = 8.0
_LIVES, _LIVES_EARLY = 2, 8  # times the query: what is renewed early needs the time for it
_ROUND_QUERIES, _ROUND_S = 16, 0.08  # what a round takes of all ways: so many queries, and so long besides
_POLLS = 4  # of who waits for a lock, in the time of a query
_LONG_S = 10.0  # far longer than a query: so its holder never loses a lock, and what was renewed does not run out again
_DEADLINE_S = 20.0
_MOST_CONNECTIONS = 150
_CACHE_CONNECTIONS = 50
_SPARE_CONNECTIONS = 10

lab = Lab(
    title="When an entry runs out",
    question="An entry of the cache runs out while many ask for it. How many of them reach the database?",
    about=(
        "A Valkey and a PostgreSQL of this lab's own. Requests for one entry arrive at random moments; who does not find it in the cache asks the database, which needs the time chosen below "
        "(it sleeps), and puts it back. Each round lets the entry run out once for each of four ways: nothing against it; *single flight*, where in each copy of the "
        "service the first asks and the others wait; a lock in the cache that all copies share; and renewing early, where each request draws whether it "
        "renews the entry before its end. PostgreSQL counts the queries until the new entry is there. The copies run in one process and share only the two servers."
    ),
    concepts=("caching", "cache-stampede"),
    prediction=Prediction(
        ask="With nothing against it and the knobs below: how many queries reach the database each time that the entry runs out?",
        unit="queries",
    ),
    knobs=(
        Knob("rate", "requests for the entry in a second, on average", default=500, choices=(100, 500, 1000)),
        Knob("query", "ms that the database needs", default=30, choices=(10, 30, 100)),
        Knob("copies", "copies of the service", default=4, choices=(1, 4, 16)),
    ),
    seconds=10,
)


@lab.unless
def why_not() -> str | None:
    """It is about real servers."""
    return why_no_database() or why_no_cache()


@dataclass(frozen=True)
class _Entry:
    """What the cache holds: the number of the renewal, how long the query took, and when the entry ends (``time.time``)."""

    renewal: int
    query_s: float
    ends: float

    def written(self) -> str:
        """As it is kept."""
        return f"{self.renewal} {self.query_s!r} {self.ends!r}"

    @classmethod
    def read(cls, text: str) -> _Entry:
        """From what is kept."""
        renewal, query_s, ends = text.split()
        return cls(int(renewal), float(query_s), float(ends))


@dataclass
class _Round:
    """One entry that runs out, and what was seen of it."""

    renewal: int
    waited: int = 0
    query_s: list[float] = field(default_factory=list)
    renewed: asyncio.Event = field(default_factory=asyncio.Event)
    flights: dict[int, asyncio.Task[None]] = field(default_factory=dict)


class _Service:
    """Copies of a service that share a cache and a database."""

    def __init__(self, kept: Redis, pool: asyncpg.Pool, query_s: float, copies: int) -> None:
        self._kept = kept
        self._pool = pool
        self._query_s = query_s
        self._copies = copies
        self._renewals = 0
        self._fill: dict[str, Fill] = {
            NOTHING: self._ask,
            FLIGHT: self._share,
            LOCK: self._lock,
            EARLY: self._ask,
        }

    async def run_out(self, way: str, rate: float) -> tuple[_Round, int]:
        """Let the entry run out under load; what was seen, and how many queries PostgreSQL counted until it was there again."""
        self._renewals += 1
        seen = _Round(self._renewals)
        before = await self._counted()
        lives = _LIVES_EARLY if way == EARLY else _LIVES
        await self._keep(self._renewals - 1, self._query_s, lives * self._query_s)
        async with asyncio.timeout(_DEADLINE_S), asyncio.TaskGroup() as tasks:
            due = time.monotonic()
            while not seen.renewed.is_set():
                due += random.expovariate(rate)
                await asyncio.sleep(max(due - time.monotonic(), 0))
                tasks.create_task(self._request(way, seen, random.randrange(self._copies)))
        return seen, await self._counted() - before

    async def _counted(self) -> int:
        """Queries that PostgreSQL has counted so far."""
        return int(await self._pool.fetchval("SELECT last_value FROM asked"))

    async def _request(self, way: str, seen: _Round, copy: int) -> None:
        entry = await self._found()
        if entry is None or (way == EARLY and entry.renewal < seen.renewal and _draws_to_renew(entry)):
            seen.waited += 1
            await self._fill[way](seen, copy)

    async def _found(self) -> _Entry | None:
        text = await self._kept.get(_KEY)
        return None if text is None else _Entry.read(str(text))

    async def _ask(self, seen: _Round, _copy: int) -> None:
        """Ask the database, and put the answer into the cache."""
        begun = time.perf_counter()
        await self._pool.fetchval("SELECT pg_sleep($1) FROM nextval('asked')", self._query_s)
        took = time.perf_counter() - begun
        seen.query_s.append(took)
        await self._keep(seen.renewal, took, _LONG_S)
        seen.renewed.set()

    async def _keep(self, renewal: int, query_s: float, lives_s: float) -> None:
        entry = _Entry(renewal, query_s, time.time() + lives_s)
        await self._kept.set(_KEY, entry.written(), px=round(lives_s * 1000))

    async def _share(self, seen: _Round, copy: int) -> None:
        """Wait for whoever of this copy asks already; else ask."""
        if copy not in seen.flights:
            seen.flights[copy] = asyncio.create_task(self._ask(seen, copy))
        await seen.flights[copy]

    async def _lock(self, seen: _Round, copy: int) -> None:
        """Ask if nobody holds the lock; else look again and again whether the entry is there."""
        while not await self._kept.set(_LOCK_KEY, copy, nx=True, px=round(_LONG_S * 1000)):
            await asyncio.sleep(self._query_s / _POLLS)
            if await self._found() is not None:
                return
        if await self._found() is None:  # it may have come between the look and the lock
            await self._ask(seen, copy)
        await self._kept.delete(_LOCK_KEY)


Fill: TypeAlias = Callable[[_Round, int], Awaitable[None]]


def _draws_to_renew(entry: _Entry) -> bool:
    """Whether this request renews the entry now: likelier the nearer its end, and earlier the longer the query takes.

    Source: Vattani, Chierichetti, Lowenstein, Optimal Probabilistic Cache Stampede Prevention, VLDB 2015 (with β = 1).
    """
    return time.time() - entry.query_s * math.log(1 - random.random()) >= entry.ends


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Each way once in a round."""
    rate, query_s, copies = int(knobs["rate"]), int(knobs["query"]) / 1000, int(knobs["copies"])
    with (
        database(bench, f"max_connections={_MOST_CONNECTIONS + _SPARE_CONNECTIONS}") as address,
        cache(bench) as cache_address,
    ):
        asyncio.run(_measure(bench, address, cache_address, rate, query_s, copies))


async def _measure(bench: Bench, address: str, cache_address: str, rate: int, query_s: float, copies: int) -> None:
    connections = min(round(2 * rate * query_s) + _SPARE_CONNECTIONS, _MOST_CONNECTIONS)
    async with pooled(address, connections) as pool, talking_to(cache_address, _CACHE_CONNECTIONS) as kept:
        bench.fact(_VERSION, await pool.fetchval("SHOW server_version"))
        await pool.execute("CREATE SEQUENCE asked")
        await pool.fetchval("SELECT nextval('asked')")  # the first one tells only that it is there
        service = _Service(kept, pool, query_s, copies)
        for way in WAYS:
            await service.run_out(way, rate)  # once unmeasured
        rounds = round(_ENOUGH_SECONDS / (_ROUND_QUERIES * query_s + _ROUND_S))
        for _ in bench.rounds(min(max(rounds, _LEAST_ROUNDS), _MOST_ROUNDS), "letting it run out", begin=0.15):
            for way in random.sample(WAYS, len(WAYS)):
                seen, asked = await service.run_out(way, rate)
                bench.record(_ASKED.format(way), asked, unit="queries")
                bench.record(_WAITED.format(way), seen.waited, unit="requests")
                if way == NOTHING:
                    bench.record(_QUERY, 1000 * median(seen.query_s), unit="ms")


@lab.explain
def explain(result: Result) -> Explanation:
    """How many reach the database with nothing, why so many, and what each way against it leaves."""
    answer = median_estimate(_asked(result, NOTHING))
    return Explanation(
        answer=answer,
        headline=_headline(result),
        text="\n\n".join((_nothing(result, answer), _flights(result), _early(result), _advice())),
        plots=(_strips(result), _bars(result)),
        trust=(
            "The database sleeps for its answer, so many queries at once take no longer than one. A real one gets slower under them, more requests find nothing, and more queries come: the count "
            "here is the least.",
            "All copies run in one process of this machine. While it is busy with something else requests come in bunches, which changes counts a little.",
        ),
    )


def _asked(result: Result, way: str) -> tuple[float, ...]:
    return result.values(_ASKED.format(way))


def _knob(result: Result, name: str) -> int:
    return int(result.knobs[name])


def _middle(result: Result, series: str, way: str) -> str:
    return number(median(result.values(series.format(way))))


def _range(values: tuple[float, ...]) -> str:
    low, high = min(values), max(values)
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


def _queries(values: tuple[float, ...]) -> str:
    return f"{_range(values)} {'query' if max(values) == 1 else 'queries'}"


def _headline(result: Result) -> str:
    times = len(_asked(result, NOTHING))
    return (
        f"Each of the {times} times that the entry ran out with nothing against it, {_queries(_asked(result, NOTHING))} reached the database; with a lock in the cache "
        f"{_range(_asked(result, LOCK))}."
    )


def _nothing(result: Result, answer: Estimate) -> str:
    took = median(result.values(_QUERY))
    reckoned = 1 + _knob(result, "rate") * took / 1000
    said = (
        f"With nothing against it the middle was {number(answer.value)}. It can be reckoned before: the first one who finds nothing asks, and so does everybody who comes while that query "
        f"is under way: 1 + {_knob(result, 'rate')}/s · {number(took)} ms, as the queries were measured, is {number(reckoned)}. (The product is Little's law, as in [a pool](concept:connection-pools).) "
    )
    if answer.low <= reckoned <= answer.high:
        return said + "The two agree, as far as this run can tell."
    return said + "Requests come at random here, and in bunches on a busy machine, so the two need not be the same."


def _flights(result: Result) -> str:
    copies, flights = _knob(result, "copies"), _asked(result, FLIGHT)
    of = "the only copy of the service" if copies == 1 else f"each of {copies} copies of the service"
    return (
        f"*Single flight* in {of}: {_queries(flights)} each time, {number(median(flights))} in the middle. It needs no more than a table of what is under way, and no server; its bound is the number "
        f"of copies. With *a lock in the cache* ([Valkey](concept:caching)'s `SET … NX PX`) it was {_range(_asked(result, LOCK))}, for all copies together. Both protect the database and nobody else: "
        f"{_middle(result, _WAITED, FLIGHT)} and {_middle(result, _WAITED, LOCK)} requests had to wait each time, where with nothing it was {_middle(result, _WAITED, NOTHING)}."
    )


def _early(result: Result) -> str:
    asked, waited = _asked(result, EARLY), median(result.values(_WAITED.format(EARLY)))
    said = (
        f"*Renewed early*, at a moment that each request draws, it was {_queries(asked)} each time, {number(median(asked))} in the middle, without a word between the copies. Whoever draws it asks while the "
        f"others still get the old entry: {number(waited)} waited in the middle, the ones that asked. "
    )
    if waited < median(result.values(_WAITED.format(LOCK))):
        return (
            said
            + "So it is the one way of these four in which few wait. It needs an entry that may be used until its end and is asked for often."
        )
    return said + "With so few requests in the time of a query that is no fewer than wait for a lock."


def _advice() -> str:
    return (
        "For a backend: expect this whenever something popular ends, and worse when many entries end at once: after a restart, or because all were made in the same second with the same lifetime. "
        "Single flight belongs into every [cache](concept:caching) of a service. Whether a lock across copies is worth its own ways to fail (a holder that dies, an expiry that comes too early) depends on how "
        "many copies there are."
    )


def _strips(result: Result) -> StripPlot:
    said = result.predicted
    strips = tuple(Strip(label=way, values=_asked(result, way)) for way in WAYS)
    return StripPlot(
        title="Queries that reached the database, each time that the entry ran out",
        alt="; ".join(f"{strip.label}: {_range(strip.values)}" for strip in strips) + ".",
        axis=Axis(label="queries"),
        strips=strips,
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {number(said.value)}"),),
    )


def _bars(result: Result) -> BarPlot:
    rows = {way: median_estimate(result.values(_WAITED.format(way))) for way in WAYS}
    return BarPlot(
        title="Requests that waited, each time that the entry ran out",
        alt="; ".join(f"{way}: {number(row.value)}" for way, row in rows.items()) + ".",
        axis=Axis(label="requests that waited"),
        bars=tuple(Bar.of(way, row) for way, row in rows.items()),
    )
