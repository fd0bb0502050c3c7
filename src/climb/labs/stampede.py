"""An entry of a cache runs out while many ask for it: how many reach the database, by what is done against it.

Two real servers: a Valkey holds the entry, a PostgreSQL is asked, and counts how often.
"""

from __future__ import annotations

import asyncio
import random

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.running_out import EARLY, FLIGHT, LOCK, NOTHING, WAYS, Service
from climb.labs.servers import cache, database, pooled, talking_to, why_no_cache, why_no_database
from climb.labs.statistics import Estimate, median, median_estimate
from climb.labs.words import number

__all__ = ["lab"]

_ASKED = "queries that reached the database: {}"
_WAITED = "requests that waited: {}"
_QUERY = "time of a query"
_VERSION = "PostgreSQL"

_MOST_ROUNDS, _LEAST_ROUNDS = 15, 5
_ENOUGH_SECONDS = 8.0
_ROUND_QUERIES, _ROUND_S = 16, 0.08  # what a round takes of all ways: so many queries, and so long besides
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
        service = Service(kept, pool, query_s, copies)
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
