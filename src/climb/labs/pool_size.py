"""How many connections a pool needs, on a real PostgreSQL: Little's law against what the database itself counts."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.servers import connected, database, pooled, why_no_database
from climb.labs.statistics import Estimate, median, median_estimate, quantile
from climb.labs.words import number

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types

__all__ = ["arrivals", "lab", "sizes_around"]

_TOOK = "time of a request"
_HELD = "connection held"
_IN_USE = "connections at work, counted by PostgreSQL"
_RATE = "requests that arrived in a second"
_DONE = "of them answered, pool of {}"
_VERSION = "PostgreSQL"

_FACTORS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 4.0)
_LASTS_S = 1.2  # of the arrivals for one size
_LOOK_S = 0.01  # on average: at drawn moments, so that they keep no step with requests that follow one another
_TARDY_SHARE = 0.95
_GROWS = 0.95  # a pool that answers less than this part of what arrives falls behind
_BARELY = 1.1  # the waits are over when a request takes no longer than this times the hold
_DEADLINE_S = 30.0
_STRETCH = 6  # counts: longer than a request holds its connection, so that stretches are nearly independent
_REACH = 2.3  # standard deviations on both sides, of a mean of about ten: Student's distribution
_SEED = 20  # of the arrivals: each pool meets the same ones

lab = Lab(
    title="How many connections",
    question="How many connections does a pool need at a given load, and what do too few do?",
    about=(
        "Requests arrive at random moments, as many a second as chosen below. Each takes a connection from a pool, has a PostgreSQL of this lab's own do "
        "something that takes the time chosen below (it sleeps, so that no processor is a limit), and gives the connection back. The same arrivals meet pools of several sizes, one after "
        "another. Measured is the time from a request's arrival to its answer, and, from a connection beside the pool, how many connections PostgreSQL counts at work, again and again."
    ),
    concepts=("connection-pools", "littles-law", "semaphores"),
    prediction=Prediction(
        ask="With a large pool and the knobs below: how many of its connections are at work at a time, on average?",
        unit="connections",
    ),
    knobs=(
        Knob("rate", "requests that arrive in a second, on average", default=200, choices=(100, 200, 400)),
        Knob("hold", "ms that the database needs for each", default=20, choices=(10, 20, 50)),
    ),
    seconds=13,
)


@lab.unless
def why_not() -> str | None:
    """It is about a real database."""
    return why_no_database()


def sizes_around(needed: float) -> tuple[int, ...]:
    """Pool sizes from half of what is needed to four times as many."""
    return tuple(sorted({max(round(needed * factor), 1) for factor in _FACTORS}))


def arrivals(rate: float, lasts_s: float) -> tuple[float, ...]:
    """Random moments, ``rate`` a second on average, each independent of the others; always the same ones.

    As many as expected, spread evenly at random: that is a Poisson process that is known to have had so many.
    """
    chance = random.Random(_SEED)
    return tuple(sorted(chance.uniform(0, lasts_s) for _ in range(round(rate * lasts_s))))


@dataclass
class _Load:
    """One pool under load, and what was seen of it; times in seconds of ``time.perf_counter``."""

    pool: asyncpg.Pool
    hold_s: float
    took: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    async def request(self, due: float) -> None:
        """One request, whose time counts from when it was due, even if this program was late."""
        async with self.pool.acquire(timeout=_DEADLINE_S) as connection:
            begun = time.perf_counter()
            await connection.fetchval("SELECT pg_sleep($1)", self.hold_s)
            ended = time.perf_counter()
        self.took.append(ended - due)
        self.held.append(ended - begun)
        self.ended.append(ended)


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """The same arrivals for each size of the pool."""
    rate, hold_s = int(knobs["rate"]), int(knobs["hold"]) / 1000
    sizes = sizes_around(rate * hold_s)
    with database(bench) as address:
        asyncio.run(_measure(bench, address, sizes, arrivals(rate, _LASTS_S), hold_s))


async def _measure(bench: Bench, address: str, sizes: Sequence[int], moments: Sequence[float], hold_s: float) -> None:
    async with connected(address) as watcher:
        bench.fact(_VERSION, await watcher.fetchval("SHOW server_version"))
        for at in bench.rounds(len(sizes), "a pool of another size", begin=0.1):
            await _run(bench, address, watcher, sizes[at], moments, hold_s)


async def _run(
    bench: Bench, address: str, watcher: asyncpg.Connection, size: int, moments: Sequence[float], hold_s: float
) -> None:
    async with pooled(address, size) as pool:
        load = _Load(pool, hold_s)
        await asyncio.gather(*(_warm(pool) for _ in range(size)))
        began = time.perf_counter()
        counts: list[int] = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_watch(watcher, began + _LASTS_S, counts))
            for moment in moments:
                if (left := began + moment - time.perf_counter()) > 0:
                    await asyncio.sleep(left)
                tasks.create_task(load.request(began + moment))
    _record(bench, load, counts, size, began)


async def _warm(pool: asyncpg.Pool) -> None:
    """Each connection learns the query before it is measured; together they hold all of them."""
    async with pool.acquire(timeout=_DEADLINE_S) as connection:
        await connection.fetchval("SELECT pg_sleep($1)", 0.02)


async def _watch(watcher: asyncpg.Connection, until: float, counts: list[int]) -> None:
    """How many other connections PostgreSQL counts at work, again and again."""
    at_work = await watcher.prepare(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' "
        "AND pid <> pg_backend_pid()"
    )
    while time.perf_counter() < until:
        counts.append(await at_work.fetchval())
        await asyncio.sleep(random.uniform(0, 2 * _LOOK_S))


def _record(bench: Bench, load: _Load, counts: Sequence[int], size: int, began: float) -> None:
    for series, values in ((_TOOK, load.took), (_HELD, load.held)):
        for value in values:
            bench.record(series, round(value * 1000, 1), unit="ms", at=size)
    for count in counts:
        bench.record(_IN_USE, count, unit="connections", at=size)
    bench.fact(_RATE, len(load.took) / _LASTS_S)
    bench.fact(_DONE.format(size), sum(ended <= began + _LASTS_S for ended in load.ended) / _LASTS_S)


@lab.explain
def explain(result: Result) -> Explanation:
    """The law against the count, then what too few and more than enough connections did."""
    largest = _sizes(result)[-1]
    answer = _mean_estimate(result.series(_IN_USE)[largest])
    return Explanation(
        answer=answer,
        headline=_headline(result, answer),
        text="\n\n".join((_law(result, answer), _too_few(result), _enough(result), _advice(result))),
        plots=(_times(result), _at_work(result)),
        trust=(
            f"Each size had {_LASTS_S:g} s of arrivals once, one size after the other. A pool that falls behind has no time of its own: the longer the load lasts, the longer its requests wait.",
            "The database sleeps here, so twice as many connections do twice as much. Real queries want processors, disks and locks, and beyond what those can do at once "
            "more connections make each query slower.",
        ),
        numbers="means of the counts and medians of the times, with 95 % intervals",
    )


def _mean_estimate(values: Sequence[float]) -> Estimate:
    """The mean and a 95 % interval. Neighbours among the counts are alike, so it is taken over means of stretches."""
    stretches = [values[at : at + _STRETCH] for at in range(0, len(values), _STRETCH)]
    means = [sum(stretch) / len(stretch) for stretch in stretches if len(stretch) == _STRETCH] or list(values)
    mean = sum(values) / len(values)
    if len(means) < 2:
        return Estimate(mean, mean, mean)
    middle = sum(means) / len(means)
    deviation = (sum((each - middle) ** 2 for each in means) / (len(means) - 1) / len(means)) ** 0.5
    return Estimate(mean, max(mean - _REACH * deviation, 0.0), mean + _REACH * deviation)


def _sizes(result: Result) -> list[int]:
    return [int(size) for size in result.series(_TOOK)]


def _knob(result: Result, name: str) -> int:
    return int(result.knobs[name])


def _reckoned(result: Result) -> float:
    """L = λ · W, of the knobs alone."""
    return _knob(result, "rate") * _knob(result, "hold") / 1000


def _arrived(result: Result) -> float:
    return result.number(_RATE)


def _done(result: Result, size: int) -> float:
    return result.number(_DONE.format(size))


def _took(result: Result, size: int) -> float:
    return median(result.values(_TOOK, size))


def _waited(result: Result, size: int) -> list[float]:
    """What is left of each request's time without the holding: both were kept in the same order."""
    return [took - held for took, held in zip(result.values(_TOOK, size), result.values(_HELD, size), strict=True)]


def _behind(result: Result) -> list[int]:
    """Sizes whose pool can't do what arrives: as many connections as held so long allow less."""
    return [
        size
        for size in _sizes(result)
        if not _kept_up(result, size) and 1000 * size / median(result.values(_HELD, size)) < _arrived(result)
    ]


def _headline(result: Result, answer: Estimate) -> str:
    return (
        f"At {_knob(result, 'rate')} requests a second of {_knob(result, 'hold')} ms each PostgreSQL counted {number(answer.value)} connections at work on average; "
        f"Little's law says {number(_reckoned(result))}."
    )


def _law(result: Result, answer: Estimate) -> str:
    largest = _sizes(result)[-1]
    rate, held = _arrived(result), result.values(_HELD, largest)
    mean = sum(held) / len(held)
    law = rate * mean / 1000
    said = (
        f"[Little's law](concept:connection-pools): the number inside is the rate times the time inside. Of the knobs alone that is {_knob(result, 'rate')}/s · {_knob(result, 'hold')} ms = "
        f"{number(_reckoned(result))}. Seen from the program each connection was held for {number(mean)} ms, which is the database's time and the way there and back: "
        f"{number(rate)}/s · {number(mean)} ms = {number(law)}. PostgreSQL itself counted {number(answer.value)} ({number(answer.low)} to {number(answer.high)}) at work, in a pool of {largest}. "
    )
    if answer.low <= law <= answer.high:
        return said + "The two agree, as far as this run can tell."
    return said + (
        "The two differ by more than the interval. What the program sees as held is not all at work in the database, and arrivals and counts were few; on a busy machine answers also wait "
        "for this program."
    )


def _too_few(result: Result) -> str:
    behind = _behind(result)
    if not behind:
        return (
            "No pool here fell behind what arrived. The smallest one had "
            f"{_connections(_sizes(result)[0])}, and a request took {number(_took(result, _sizes(result)[0]))} ms in the middle."
        )
    size = behind[0]
    held = median(result.values(_HELD, size))
    return (
        f"A pool of *n* connections lets *n* / {number(held)} ms through. With {_connections(size)} that is {number(1000 * size / held)} requests a second, "
        f"where {number(_arrived(result))} arrived: {number(_done(result, size))} a second were answered while they came, and half of all took longer than {number(_took(result, size))} ms, "
        f"nearly all of it spent waiting for a connection ({number(median(_waited(result, size)))} ms). Such a queue grows as long as the load lasts. "
        f"Pools that fell behind here: {_list([str(each) for each in behind])}."
    )


def _connections(size: int) -> str:
    return "one connection" if size == 1 else f"{size} connections"


def _enough(result: Result) -> str:
    sizes = _sizes(result)
    largest, least = sizes[-1], _took(result, sizes[-1])
    slow = [size for size in sizes if _took(result, size) > _BARELY * least]
    enough = next(size for size in sizes if size > max(slow, default=0))
    near = [
        size for size in sizes if _kept_up(result, size) and _tardy(result, size) > _BARELY * _tardy(result, largest)
    ]
    said = ""
    if near:
        said = (
            "Requests don't come evenly, so as many connections as are at work on average are not enough. "
            f"With {_connections(near[0])} the pool kept up, and one request in twenty took longer than {number(_tardy(result, near[0]))} ms. "
        )
    return said + (
        f"In the largest pool, of {largest}, half took longer than {number(least)} ms and one in twenty longer than {number(_tardy(result, largest))} ms. "
        + (
            f"From {_connections(enough)} on the middle was no more than a tenth above that: what is beyond stands by."
            if enough < largest
            else "In every smaller one the middle was more than a tenth above that."
        )
    )


def _kept_up(result: Result, size: int) -> bool:
    return _done(result, size) >= _GROWS * _arrived(result)


def _tardy(result: Result, size: int) -> float:
    return quantile(result.values(_TOOK, size), _TARDY_SHARE)


def _advice(result: Result) -> str:
    return (
        f"For a backend: from rate and time reckon what is in use, here {number(_reckoned(result))}, add some room, and measure. Longer holding needs more: whoever calls another service while holding "
        "a connection multiplies the number. And a request that waits for a connection needs a [deadline](concept:timeouts), for a pool that falls behind does so without an error."
    )


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _times(result: Result) -> LinePlot:
    middle = tuple(Point.of(size, median_estimate(values)) for size, values in result.series(_TOOK).items())
    late = tuple(Point(x=size, y=_tardy(result, size)) for size in _sizes(result))
    lines = (Line(label="half took longer", points=middle), Line(label="one in twenty took longer", points=late))
    return LinePlot(
        title="Time of a request, by the size of the pool",
        alt="; ".join(
            f"{line.label}: " + ", ".join(f"{number(point.y)} ms with {point.x:.0f}" for point in line.points)
            for line in lines
        )
        + ".",
        x=Axis(label="connections in the pool", log=True),
        y=Axis(label="from arrival to answer", unit="ms", log=True),
        lines=lines,
    )


def _at_work(result: Result) -> LinePlot:
    counted = {size: _mean_estimate(values) for size, values in result.series(_IN_USE).items()}
    points = tuple(Point.of(size, each) for size, each in counted.items())
    said = result.predicted
    marks = [Mark(value=_reckoned(result), label=f"Little's law: {number(_reckoned(result))}")]
    if said is not None:
        marks.append(Mark(value=said.value, label=f"you predicted {number(said.value)}"))
    return LinePlot(
        title="Connections at work, by the size of the pool",
        alt="Counted by PostgreSQL, on average: "
        + ", ".join(f"{number(point.y)} of {point.x:.0f}" for point in points)
        + f". Little's law says {number(_reckoned(result))}.",
        x=Axis(label="connections in the pool", log=True),
        y=Axis(label="connections at work"),
        lines=(Line(label="at work", points=points),),
        marks=tuple(marks),
    )
