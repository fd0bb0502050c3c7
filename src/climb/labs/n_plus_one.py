"""One query for each row against one join, on a real PostgreSQL: next door, and a little farther away."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from climb.labs.bench import Bench, received
from climb.labs.delaying import relay
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.servers import connected, database, why_no_database
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types

__all__ = ["lab"]

_EACH, _JOIN, _ALL = "a query for each row", "one join", "two queries"
_WAYS = (_EACH, _JOIN, _ALL)
_NEAR, _FAR = "near", "farther away"
_PLACES = (_NEAR, _FAR)
_SERIES = "{}, {}"
_TRIP = "a query that reads nothing, {}"
_VERSION = "PostgreSQL"

_COUNTS = (1, 3, 10, 30, 100, 300)
_ITEMS = 3  # of each order
_MOST_ROUNDS, _LEAST_ROUNDS = 25, 4
_ENOUGH_SECONDS = 6.0
_ABOUT_TRIP_S, _ABOUT_RELAY_S = 0.0003, 0.0008
_TABLES = f"""
    CREATE TABLE orders AS SELECT g AS id, 'customer ' || g AS customer FROM generate_series(1, {_COUNTS[-1]}) g;
    CREATE TABLE items AS SELECT g AS id, 1 + g % {_COUNTS[-1]} AS order_id, 'thing ' || g AS name
        FROM generate_series(1, {_COUNTS[-1] * _ITEMS}) g;
    CREATE UNIQUE INDEX ON orders (id);
    CREATE INDEX ON items (order_id);
    VACUUM ANALYZE orders;
    VACUUM ANALYZE items
"""  # noqa: S608 - our own numbers
_ORDERS = "SELECT id, customer FROM orders WHERE id <= $1 ORDER BY id"
_ITEMS_OF_ONE = "SELECT name FROM items WHERE order_id = $1"
_ITEMS_OF_ALL = "SELECT order_id, name FROM items WHERE order_id = ANY($1::int[])"
_JOINED = (
    "SELECT o.id, o.customer, i.name FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id <= $1 ORDER BY o.id"
)

lab = Lab(
    title="A query for each row",
    question="What does it cost to ask the database once for each row, where one query would do?",
    about=(
        "A client reads some orders with the items of each from a PostgreSQL of this lab's own: with one query for the orders and one more for the items of each (*N + 1*), "
        "with one join, and with two queries, the second for the items of all. It does so over loopback, and over a relay that lets each request arrive later by "
        "the time chosen below. Measured is the time until all rows are there; all queries are prepared, use an index, and go over a connection that is open already."
    ),
    concepts=("indexing", "sql"),
    prediction=Prediction(
        ask="With the relay in between, how many times as long do the queries for each row take as one join?",
        unit="×",
    ),
    knobs=(
        Knob("rows", "orders that are read", default=100, choices=(10, 30, 100, 300)),
        Knob("delay", "ms that the relay adds to a round trip", default=1, choices=(1, 2, 5)),
    ),
    seconds=7,
)

Fetch: TypeAlias = Callable[[int], Awaitable[int]]


@lab.unless
def why_not() -> str | None:
    """It is about a real database."""
    return why_no_database()


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every way, near and farther away, for every number of rows, in each round."""
    delay_s, rows = int(knobs["delay"]) / 1000, int(knobs["rows"])
    with database(bench) as address:
        parts = urlsplit(address)
        with bench.process(relay, (parts.hostname, parts.port), delay_s) as control:
            host, port = received(control)
            far = parts._replace(netloc=f"{parts.username}:{parts.password}@{host}:{port}").geturl()
            asyncio.run(_measure(bench, {_NEAR: address, _FAR: far}, rows, delay_s))


async def _measure(bench: Bench, addresses: dict[str, str], rows: int, delay_s: float) -> None:
    async with AsyncExitStack() as stack:
        clients = {place: await stack.enter_async_context(connected(address)) for place, address in addresses.items()}
        await _prepare(clients[_NEAR])
        bench.fact(_VERSION, await clients[_NEAR].fetchval("SHOW server_version"))
        counts = [count for count in _COUNTS if count <= rows]
        fetches = {place: await _fetches(client) for place, client in clients.items()}
        nothing = {place: await client.prepare("SELECT 1") for place, client in clients.items()}
        conditions = [(place, way, count) for place in _PLACES for way in _WAYS for count in counts]
        for place, way, count in conditions:
            await _fetched(fetches[place][way], count)
        for _ in bench.rounds(_rounds(counts, delay_s), "reading", begin=0.15):
            for place in _PLACES:
                bench.record(_TRIP.format(place), await _timed(nothing[place].fetchval()), unit="ms")
            for place, way, count in random.sample(conditions, len(conditions)):
                took = await _timed(_fetched(fetches[place][way], count))
                bench.record(_SERIES.format(way, place), took, unit="ms", at=count)


async def _prepare(db: asyncpg.Connection) -> None:
    for statement in _TABLES.split(";"):
        await db.execute(statement)


def _rounds(counts: list[int], delay_s: float) -> int:
    trips = sum(count + 5 for count in counts)  # of all ways
    about_s = trips * (2 * _ABOUT_TRIP_S + _ABOUT_RELAY_S + delay_s)
    return min(max(round(_ENOUGH_SECONDS / about_s), _LEAST_ROUNDS), _MOST_ROUNDS)


async def _fetches(db: asyncpg.Connection) -> dict[str, Fetch]:
    """Each way to read some orders and the items of all; they say how many items that were."""
    orders, of_one, of_all, joined = [
        await db.prepare(query) for query in (_ORDERS, _ITEMS_OF_ONE, _ITEMS_OF_ALL, _JOINED)
    ]

    async def each(count: int) -> int:
        return sum([len(await of_one.fetch(order["id"])) for order in await orders.fetch(count)])

    async def join(count: int) -> int:
        return len(await joined.fetch(count))

    async def both(count: int) -> int:
        return len(await of_all.fetch([order["id"] for order in await orders.fetch(count)]))

    return {_EACH: each, _JOIN: join, _ALL: both}


async def _fetched(fetch: Fetch, count: int) -> None:
    found = await fetch(count)
    assert found == count * _ITEMS, f"{found} items of {count} orders"


async def _timed(work: Awaitable[object]) -> float:
    """How long it takes, in milliseconds."""
    begun = time.perf_counter_ns()
    await work
    return (time.perf_counter_ns() - begun) / 1e6


@lab.explain
def explain(result: Result) -> Explanation:
    """The ratio in both places, what the round trips explain of it, and the ways around it."""
    ratio = _ratio(result, _FAR)
    return Explanation(
        answer=ratio,
        headline=_headline(result, ratio),
        text="\n\n".join((_compared(result), _trips(result), _growth(result), _advice(result))),
        plots=(_lines(result), _bars(result)),
        trust=(
            "The relay delays only what the client sends, by a little more than it was told, and takes time itself; how long a round trip was is measured, not taken from the knob.",
            "Rows and tables are small, and in memory. Where a query itself takes long, the round trips are a smaller part.",
        ),
    )


def _most(result: Result) -> int:
    return int(max(result.series(_SERIES.format(_EACH, _FAR))))


def _times(result: Result, way: str, place: str, count: float) -> tuple[float, ...]:
    return result.values(_SERIES.format(way, place), count)


def _ratio(result: Result, place: str) -> Estimate:
    return ratio_estimate(*(_times(result, way, place, _most(result)) for way in (_EACH, _JOIN)))


def _between(estimate: Estimate) -> str:
    return f"{number(estimate.value)} times as long ({number(estimate.low)} to {number(estimate.high)})"


def _orders(result: Result) -> str:
    return f"{_most(result):,} orders"


def _headline(result: Result, ratio: Estimate) -> str:
    each, join = (median(_times(result, way, _FAR, _most(result))) for way in (_EACH, _JOIN))
    begin = f"With {number(median(result.values(_TRIP.format(_FAR))))} ms for a query that reads nothing, {_orders(result)} took {number(each)} ms with a query for each and {number(join)} ms with one join"
    if ratio.low <= 1 <= ratio.high:
        return f"{begin}: no difference that this run can tell."
    return f"{begin}: {number(ratio.value)} times as long."


def _compared(result: Result) -> str:
    near = _ratio(result, _NEAR)
    each, join = (median(_times(result, way, _NEAR, _most(result))) for way in (_EACH, _JOIN))
    said = f"Over loopback, where a query that reads nothing takes {number(median(result.values(_TRIP.format(_NEAR))))} ms, the same took {number(each)} ms and {number(join)} ms: "
    said += "no difference that this run can tell. " if near.low <= 1 <= near.high else f"{_between(near)}. "
    far = _ratio(result, _FAR)
    if far.low > near.high:
        return (
            said
            + "So on one machine it shows less than with a network between: the ratio itself grows with the distance."
        )
    return said + "That the ratio grows with the distance, this run can't tell."


def _trips(result: Result) -> str:
    most, trip = _most(result), median(result.values(_TRIP.format(_FAR)))
    expected, took = (most + 1) * trip, median(_times(result, _EACH, _FAR, most))
    rest = " The rest is the work of both sides for each query." if took > 1.02 * expected else ""
    return (
        f"It can be reckoned before: {most:,} + 1 queries one after the other are that many round trips, each {number(trip)} ms as measured with a query that reads nothing, so {number(expected)} ms. "
        f"Measured were {number(took)} ms, {number(took / expected)} times that.{rest} Each query waits for the answer to the one before, so neither a "
        "faster processor nor an [index](concept:indexing) helps much."
    )


def _growth(result: Result) -> str:
    fewest, most = int(min(result.series(_SERIES.format(_EACH, _FAR)))), _most(result)
    grew = {
        way: median(_times(result, way, _FAR, most)) / median(_times(result, way, _FAR, fewest))
        for way in (_EACH, _JOIN)
    }
    return (
        f"From one order to {most:,} the time with a query for each grew by a factor of {number(grew[_EACH])}, and with one join by one of {number(grew[_JOIN])}. A test with three orders "
        f"measures {number(median(_times(result, _EACH, _FAR, 3)))} ms and finds nothing wrong."
    )


def _advice(result: Result) -> str:
    both = ratio_estimate(*(_times(result, way, _FAR, _most(result)) for way in (_ALL, _JOIN)))
    said = f"Two queries, the second with the numbers of all orders, took {_between(both)} as the join"
    if both.low <= 1 <= both.high:
        said += ", so this run can't tell them apart"
    return (
        f"{said}. That is what libraries call eager loading, and it repeats nothing of an order for each of its items. For a backend: a query in a loop is hard to see where a library turns "
        "access to a field into a query. Count the queries of a request, in a test or in its trace; their number must not depend on the number of rows."
    )


def _lines(result: Result) -> LinePlot:
    lines = tuple(_line(result, way, place) for place in _PLACES for way in (_EACH, _JOIN))
    said, base = result.predicted, median(_times(result, _JOIN, _FAR, _most(result)))
    return LinePlot(
        title="Time to read orders with their items",
        alt="; ".join(
            f"{line.label}: " + ", ".join(f"{number(point.y)} ms for {point.x:.0f}" for point in line.points)
            for line in lines
        )
        + ".",
        x=Axis(label="orders", log=True),
        y=Axis(label="time", unit="ms", log=True),
        lines=lines,
        marks=()
        if said is None
        else (Mark(value=said.value * base, label=f"you predicted {number(said.value)} × for the most"),),
    )


def _line(result: Result, way: str, place: str) -> Line:
    found = result.series(_SERIES.format(way, place))
    return Line(
        label=_SERIES.format(way, place),
        points=tuple(Point.of(count, median_estimate(values)) for count, values in found.items()),
    )


def _bars(result: Result) -> BarPlot:
    most = _most(result)
    rows = {
        _SERIES.format(way, place): median_estimate(_times(result, way, place, most))
        for place in _PLACES
        for way in _WAYS
    }
    return BarPlot(
        title=f"{most:,} orders with their items",
        alt="; ".join(f"{label} {number(row.value)} ms" for label, row in rows.items()) + ".",
        axis=Axis(label="time", unit="ms"),
        bars=tuple(Bar.of(label, row) for label, row in rows.items()),
    )
