"""A query with and without an index, on a real PostgreSQL, and what the index costs each row that is written."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from climb.labs.bench import Bench
from climb.labs.headroom import memory_left
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.servers import connected, database, why_no_database
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types

__all__ = ["lab"]

_WITHOUT, _WITH = "without an index", "with an index"
_WAYS = (_WITHOUT, _WITH)
_TABLES = {_WITHOUT: "plain", _WITH: "indexed"}
_READ = "query {}"
_WRITE = "insert {}"
_LOGGED = "write-ahead log of a row {}, in bytes"
_PLAN, _PAGES = "plan {}, {} rows", "pages of 8 KiB {}, {} rows"
_TABLE_SIZE, _INDEX_SIZE = "table in MiB", "index in MiB"
_LARGEST = "rows of the largest table"
_VERSION = "PostgreSQL"

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_ROW_BYTES = 500  # of memory, for two tables and an index, and what filling them takes
_ROUNDS = 40
_WRITE_ROUNDS = 30
_WRITTEN_ROWS = 1_000  # in one statement: the way to the server and back is shared by them
_FILLED_SHARE, _READ_SHARE = 0.45, 0.85  # of the whole time
_WHOLE_TABLE = "Seq Scan"

lab = Lab(
    title="With an index, and without",
    question="How much does an index save a query, and what does it cost a write?",
    about=(
        "A PostgreSQL of this lab's own has the same rows in two tables, of which one has an index on the column that the query asks for. "
        "The same prepared query runs on both by turns, for several sizes of the table; measured is the time until the client has the rows. "
        "Each plan is read from `EXPLAIN (ANALYZE, BUFFERS)`. Then rows are inserted into both. PostgreSQL uses one process for a query here, and all "
        "tables fit into memory."
    ),
    concepts=("indexing", "trees", "sql"),
    prediction=Prediction(
        ask="How many times as long does the query take without the index, in the largest of the tables?",
        unit="×",
    ),
    knobs=(
        Knob("rows", "rows in the largest table", default=1_000_000, choices=(10_000, 100_000, 1_000_000)),
        Knob("found", "rows that each query finds", default=10, choices=(1, 10, 100, 1000)),
    ),
    seconds=7,
)


@lab.unless
def why_not() -> str | None:
    """It is about a real database."""
    return why_no_database()


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Fill the tables, ask both by turns, then write to both by turns."""
    most = min(int(knobs["rows"]), max(memory_left() / 2 / _ROW_BYTES, _SIZES[0]))
    sizes = [size for size in _SIZES if size <= most]
    bench.fact(_LARGEST, sizes[-1])
    with database(bench, "shared_buffers=384MB") as address:  # is taken as it is used, and holds all tables
        asyncio.run(_measure(bench, address, sizes, int(knobs["found"])))


async def _measure(bench: Bench, address: str, sizes: Sequence[int], found: int) -> None:
    async with connected(address, max_parallel_workers_per_gather="0") as db:
        bench.fact(_VERSION, await db.fetchval("SHOW server_version"))
        for done, size in enumerate(sizes):
            bench.progress(0.1 + (_FILLED_SHARE - 0.1) * done / len(sizes), f"filling two tables with {size:,} rows")
            await _fill(db, size, found)
        for size in sizes:
            for way in _WAYS:
                await _look_at_plan(bench, db, way, size)
        await _read(bench, db, sizes, found)
        await _write(bench, db, sizes[-1], found)


async def _fill(db: asyncpg.Connection, size: int, found: int) -> None:
    """Each customer has ``found`` rows, evenly spread over the table: on pages of their own, if there are enough."""
    for table in _TABLES.values():
        await db.execute(
            f"CREATE TABLE {table}_{size} AS SELECT g AS id, g % {_customers(size, found)} AS customer, "  # noqa: S608 - our own numbers
            f"g * 7 % 10007 AS amount, 'paid by card'::text AS note FROM generate_series(0, {size} - 1) g"
        )
    await db.execute(f"CREATE INDEX by_customer_{size} ON {_TABLES[_WITH]}_{size} (customer)")
    for table in _TABLES.values():
        await db.execute(f"VACUUM ANALYZE {table}_{size}")


def _customers(size: int, found: int) -> int:
    return max(size // found, 1)


def _query(way: str, size: int) -> str:
    return f"SELECT id, customer, amount, note FROM {_TABLES[way]}_{size} WHERE customer = "  # noqa: S608 - our own names


async def _look_at_plan(bench: Bench, db: asyncpg.Connection, way: str, size: int) -> None:
    """What PostgreSQL does for the query, and how many pages it looks at; the second time, so that all are in memory."""
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_query(way, size)} 0"
    await db.fetchval(explain)
    plan = json.loads(await db.fetchval(explain))[0]["Plan"]
    bench.fact(_PLAN.format(way, size), plan["Node Type"])
    bench.fact(_PAGES.format(way, size), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def _read(bench: Bench, db: asyncpg.Connection, sizes: Sequence[int], found: int) -> None:
    conditions = [(way, size) for way in _WAYS for size in sizes]
    prepared = {(way, size): await db.prepare(f"{_query(way, size)} $1") for way, size in conditions}
    for statement in prepared.values():
        await statement.fetch(0)
    for _ in bench.rounds(_ROUNDS, "asking", begin=_FILLED_SHARE, end=_READ_SHARE):
        for way, size in random.sample(conditions, len(conditions)):
            customer = random.randrange(_customers(size, found))
            begun = time.perf_counter_ns()
            await prepared[way, size].fetch(customer)
            bench.record(_READ.format(way), (time.perf_counter_ns() - begun) / 1e6, unit="ms", at=size)


async def _write(bench: Bench, db: asyncpg.Connection, size: int, found: int) -> None:
    """Customers come in no order, so each row has another place in the index."""
    table, index = f"{_TABLES[_WITH]}_{size}", f"by_customer_{size}"
    for fact, relation in ((_TABLE_SIZE, table), (_INDEX_SIZE, index)):
        bench.fact(fact, await db.fetchval(f"SELECT pg_relation_size('{relation}')") / 2**20)
    insert = "INSERT INTO {}_{} SELECT g, (random() * {})::int, g, 'paid by card' FROM generate_series(1, {}) g"
    statements = {
        way: await db.prepare(insert.format(_TABLES[way], size, _customers(size, found) - 1, _WRITTEN_ROWS))
        for way in _WAYS
    }
    for each in bench.rounds(_WRITE_ROUNDS + 1, "writing", begin=_READ_SHARE):
        for way in random.sample(_WAYS, 2):
            before = await _logged(db)
            begun = time.perf_counter_ns()
            await statements[way].fetch()
            took = time.perf_counter_ns() - begun
            if each:  # once unmeasured
                bench.record(_WRITE.format(way), took / 1e3 / _WRITTEN_ROWS, unit="µs")
                bench.record(_LOGGED.format(way), (await _logged(db) - before) / _WRITTEN_ROWS, unit="B")


async def _logged(db: asyncpg.Connection) -> int:
    """Bytes of write-ahead log since the beginning of all time."""
    return int(await db.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


@lab.explain
def explain(result: Result) -> Explanation:
    """What the index saved, why, where PostgreSQL did without it, and its price."""
    largest = int(result.number(_LARGEST))
    ratio = ratio_estimate(_times(result, _WITHOUT, largest), _times(result, _WITH, largest))
    return Explanation(
        answer=ratio,
        headline=_headline(result, ratio),
        text="\n\n".join((_growth(result), _choices(result), _price(result), _advice())),
        plots=(_reads(result), _writes(result)),
        trust=_trust(result),
    )


def _times(result: Result, way: str, size: float) -> tuple[float, ...]:
    return result.values(_READ.format(way), size)


def _sizes(result: Result) -> list[int]:
    return [int(size) for size in result.series(_READ.format(_WITH))]


def _found(result: Result, size: int) -> int:
    return min(int(result.knobs["found"]), size)


def _rows(count: int) -> str:
    return "one row" if count == 1 else f"{count:,} rows"


def _plan(result: Result, way: str, size: int) -> str:
    return str(result.facts.get(_PLAN.format(way, size)))


def _pages(result: Result, way: str, size: int) -> str:
    count = result.number(_PAGES.format(way, size))
    return "one page" if count == 1 else f"{count:,.0f} pages"


def _headline(result: Result, ratio: Estimate) -> str:
    largest = int(result.number(_LARGEST))
    without, has = (median(_times(result, way, largest)) for way in _WAYS)
    begin = f"In a table of {_rows(largest)} a query for {_rows(_found(result, largest))} took {number(without)} ms without an index"
    if ratio.low <= 1 <= ratio.high:
        return f"{begin} and {number(has)} ms with one: no difference that this run can tell."
    return f"{begin} and {number(has)} ms with one: {number(ratio.value)} times as long."


def _growth(result: Result) -> str:
    smallest, largest = _sizes(result)[0], _sizes(result)[-1]
    grew = {way: number(median(_times(result, way, largest)) / median(_times(result, way, smallest))) for way in _WAYS}
    told = (
        f"From {smallest:,} rows to {largest:,}, {largest // smallest:,} times as many, the time grew by a factor of {grew[_WITHOUT]} without the index and of "
        f"{grew[_WITH]} with it. `EXPLAIN` says why: in the largest table its plan was *{_plan(result, _WITHOUT, largest)}*, over "
        f"{_pages(result, _WITHOUT, largest)} of 8 KiB, "
    )
    if _plan(result, _WITH, largest) == _WHOLE_TABLE:
        return (
            told + f"and the same over {_pages(result, _WITH, largest)} where there was an index, which it did not use."
        )
    return told + (
        f"and with the index *{_plan(result, _WITH, largest)}*, over {_pages(result, _WITH, largest)}: some to go down the "
        "[tree](concept:trees), then those that have the rows. All of these pages were in memory. From a disk the difference is one of pages read."
    )


def _choices(result: Result) -> str:
    unused = [size for size in _sizes(result) if _plan(result, _WITH, size) == _WHOLE_TABLE]
    smallest = _sizes(result)[0]
    ratio = ratio_estimate(_times(result, _WITHOUT, smallest), _times(result, _WITH, smallest))
    between = f"{number(ratio.low)} to {number(ratio.high)}"
    told = f"In the smallest table the query took {number(ratio.value)} times as long without the index ({between})"
    if ratio.low <= 1 <= ratio.high:
        told += ": no difference that this run can tell. Most of such a time is the way to the server and back. "
    elif ratio.high < 1:
        told += ": the way over the index was the longer one. "
    else:
        told += ". "
    if not unused:
        return (
            told
            + "PostgreSQL used the index in every table that has one; each time the planner had estimated that it is cheaper."
        )
    return told + (
        f"PostgreSQL left the index alone where the table has {_list([f'{size:,}' for size in unused])} rows: the query wants "
        f"{_list([f'{_found(result, size) / size:.0%}' for size in unused])} of them, and by its estimate reading all pages in a row is cheaper than going to that many "
        "places. An index that exists need not be used."
    )


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _price(result: Result) -> str:
    times = {way: result.values(_WRITE.format(way)) for way in _WAYS}
    ratio = ratio_estimate(times[_WITH], times[_WITHOUT])
    logged = {way: number(median(result.values(_LOGGED.format(way)))) for way in _WAYS}
    said = (
        f"The price: an inserted row took {number(median(times[_WITHOUT]))} µs without the index and {number(median(times[_WITH]))} µs with it, "
        f"{number(ratio.value)} times as long ({number(ratio.low)} to {number(ratio.high)})"
    )
    if ratio.low <= 1 <= ratio.high:
        said += ", which this run can't tell from nothing"
    return (
        f"{said}. Each row must go to its place in the index as well, and both changes go to the [write-ahead log](concept:write-ahead-logs): "
        f"{logged[_WITHOUT]} bytes for a row without the index, {logged[_WITH]} with it. The index has {number(result.number(_INDEX_SIZE))} MiB, its table "
        f"{number(result.number(_TABLE_SIZE))}."
    )


def _advice() -> str:
    return (
        "For a backend: [an index](concept:indexing) is for queries that want few rows of many, and every write pays for each one. A table that is small in a test hides that it "
        "is missing. So test with as many rows as there will be, and read the plan: the number of pages says more than a time on a quiet machine."
    )


def _trust(result: Result) -> tuple[str, ...]:
    said = [
        "Rows are inserted a thousand in a statement. With one row in each, the way to the server and the commit cost more than the row, and the index shows less.",
        "This server need not survive a loss of power, so it does not wait for the disk at commit, and writes no whole pages to its log.",
    ]
    if (largest := int(result.number(_LARGEST))) < int(result.knobs["rows"]):
        said.append(f"There was too little free memory for more than {largest:,} rows.")
    return tuple(said)


def _reads(result: Result) -> LinePlot:
    lines = tuple(_line(result, way) for way in _WAYS)
    said, base = result.predicted, median(_times(result, _WITH, result.number(_LARGEST)))
    return LinePlot(
        title=f"A query that finds {_rows(int(result.knobs['found']))}",
        alt="; ".join(
            f"{line.label}: " + ", ".join(f"{number(point.y)} ms of {point.x:,.0f} rows" for point in line.points)
            for line in lines
        )
        + ".",
        x=Axis(label="rows in the table", log=True),
        y=Axis(label="time of the query", unit="ms", log=True),
        lines=lines,
        marks=()
        if said is None
        else (Mark(value=said.value * base, label=f"you predicted {number(said.value)} × without"),),
    )


def _line(result: Result, way: str) -> Line:
    points = (Point.of(size, median_estimate(_times(result, way, size))) for size in _sizes(result))
    return Line(label=way, points=tuple(points))


def _writes(result: Result) -> BarPlot:
    rows = {way: median_estimate(result.values(_WRITE.format(way))) for way in _WAYS}
    return BarPlot(
        title="An inserted row",
        alt="; ".join(f"{way} {number(row.value)} µs" for way, row in rows.items()) + ".",
        axis=Axis(label="time for a row", unit="µs"),
        bars=tuple(Bar.of(way, row) for way, row in rows.items()),
    )
