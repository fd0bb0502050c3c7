"""Pairs of transactions that meet, on a real PostgreSQL: how many break a rule, and how many are refused, by isolation level."""

from __future__ import annotations

import random
import sys
import time

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.meeting import COMMITTED, LOCKED, LOST, REPEATABLE, RULES, SERIALIZABLE, SKEW, TWICE, WAYS, pair
from climb.labs.plot import Axis, Bar, BarPlot, Mark
from climb.labs.result import Result
from climb.labs.servers import database, why_no_database
from climb.labs.statistics import Estimate, share_estimate
from climb.labs.words import number

__all__ = ["lab"]

_BROKEN, _REFUSED = "{}, {}: rule broken", "{}, {}: refused"
_PAIRS = "pairs in each round"
_VERSION = "PostgreSQL"

_ROUNDS, _LEAST_ROUNDS = 10, 3
_MOST_PAIRS, _LEAST_PAIRS = 10, 3  # of each kind, in a round
_ENOUGH_SECONDS, _LONGEST_SECONDS = 10.0, 13.0
_ABOUT_SECONDS = 0.003  # what a pair takes besides its waits

_CELLS = tuple((rule, way) for rule in RULES for way in WAYS)

lab = Lab(
    title="Two at once",
    question="Two transactions meet: at which isolation level do they break a rule, and at which are they refused?",
    about=(
        "Two clients, each with a connection to a PostgreSQL of this lab's own, begin a transaction within a few milliseconds of each other, many times. "
        "*Lost update*: both read a number, think, and write one more. *Non-repeatable read*: one reads a row, thinks, and reads it again, while the other changes it. "
        "*Write skew*: both see two doctors on call, think, and each takes another one off. Counted is how many pairs broke the rule, and in how many PostgreSQL "
        "refused one of the two with the error 40001. No transaction is repeated."
    ),
    concepts=("transactions", "race-conditions"),
    prediction=Prediction(
        ask="Of 100 pairs that both add one to the same number under READ COMMITTED, in how many is an addition lost?",
        unit="of 100",
    ),
    knobs=(
        Knob("think", "ms between reading and writing in a transaction", default=2, choices=(0, 2, 10)),
        Knob("apart", "ms that the two begin apart at the most", default=5, choices=(1, 5, 20)),
    ),
    seconds=11,
)


@lab.unless
def why_not() -> str | None:
    """It is about a real database."""
    return why_no_database()


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """In each round some pairs of every kind, by turns."""
    think_s, apart_s = (int(knobs[name]) / 1000 for name in ("think", "apart"))
    lasts = think_s + apart_s / 2 + _ABOUT_SECONDS
    pairs = round(_ENOUGH_SECONDS / (len(_CELLS) * _ROUNDS * lasts))
    pairs = min(max(pairs, _LEAST_PAIRS), _MOST_PAIRS)
    bench.fact(_PAIRS, pairs)
    sys.setswitchinterval(0.0005)  # two threads answer to each other: the interpreter's usual 5 ms would be seen
    with database(bench) as address, pair(address) as both:
        bench.fact(_VERSION, both.version)
        for rule, way in _CELLS:
            both.meet(rule, way, think_s=0, apart_s=0)  # once unmeasured
        begun = time.monotonic()
        for done in bench.rounds(_ROUNDS, "meeting", begin=0.1):
            if done >= _LEAST_ROUNDS and time.monotonic() > begun + _LONGEST_SECONDS:
                break  # a busy machine
            for rule, way in random.sample(_CELLS, len(_CELLS)):
                found = [
                    both.meet(rule, way, think_s=think_s, apart_s=random.uniform(-apart_s, apart_s))
                    for _ in range(pairs)
                ]
                bench.record(_BROKEN.format(rule, way), sum(each.broken for each in found), unit="pairs")
                bench.record(_REFUSED.format(rule, way), sum(each.refused for each in found), unit="pairs")


@lab.explain
def explain(result: Result) -> Explanation:
    """What each level let happen, what it refused, and what that asks of a program."""
    lost = share_estimate(_broken(result, LOST, COMMITTED), _pairs(result))
    answer = Estimate(100 * lost.value, 100 * lost.low, 100 * lost.high)
    return Explanation(
        answer=answer,
        headline=_headline(result),
        text="\n\n".join((_lost(result), _twice(result), _skew(result), _advice())),
        plots=(
            _bars(result, _BROKEN, "broke the rule", tuple(WAYS)),
            _bars(result, _REFUSED, "had one refused", (REPEATABLE, SERIALIZABLE)),
        ),
        trust=_trust(result),
        numbers="sums over all rounds, with 95 % intervals by Wilson's formula",
    )


def _pairs(result: Result) -> int:
    return int(result.number(_PAIRS)) * len(result.values(_BROKEN.format(LOST, COMMITTED)))


def _broken(result: Result, rule: str, way: str) -> int:
    return int(sum(result.values(_BROKEN.format(rule, way))))


def _refused(result: Result, rule: str, way: str) -> int:
    return int(sum(result.values(_REFUSED.format(rule, way))))


def _of(result: Result, count: int) -> str:
    return f"{count or 'none'} of {_pairs(result)}"


def _told(result: Result, rule: str) -> str:
    """A level at a time: how many pairs broke the rule, and how many were refused."""
    parts = []
    for way in (COMMITTED, REPEATABLE, SERIALIZABLE):
        refused = _refused(result, rule, way)
        said = f"{_of(result, _broken(result, rule, way))} under {way}"
        parts.append(said + (f", where {refused} had one of the two refused" if refused else ""))
    return "; ".join(parts)


def _headline(result: Result) -> str:
    lost, pairs = _broken(result, LOST, COMMITTED), _pairs(result)
    if not lost:
        return f"Under READ COMMITTED none of {pairs} pairs lost an addition here, which proves nothing."
    told = f"Under READ COMMITTED {lost} of {pairs} pairs lost an addition, and no error told of it"
    skewed = _broken(result, SKEW, REPEATABLE)
    if skewed and not _broken(result, LOST, REPEATABLE):
        return f"{told}; REPEATABLE READ lost none, and still let {skewed} end with nobody on call."
    return f"{told}."


def _lost(result: Result) -> str:
    think, apart = result.knobs["think"], result.knobs["apart"]
    return (
        f"*Lost update*, with up to {apart} ms between the two and {think} ms to think. Pairs that lost an addition: {_told(result, LOST)}. "
        "READ COMMITTED lets the second write wait for the first, and then writes the number that was computed from what is no longer there. The two stricter levels refuse "
        "to change a row that has changed since the transaction's snapshot. With `SELECT … FOR UPDATE` the second one waits before it reads: "
        f"{_of(result, _broken(result, LOST, LOCKED))} lost an addition, and {_of(result, _refused(result, LOST, LOCKED))} had one refused."
    )


def _twice(result: Result) -> str:
    return (
        f"*Non-repeatable read*. Pairs of which one read the same row twice and found it changed: {_told(result, TWICE)}. Under READ COMMITTED each "
        "statement has a snapshot of its own; on the other levels there is one for the whole [transaction](concept:transactions), so a report adds up, and shows a moment that may be "
        f"over. With the row locked {_of(result, _broken(result, TWICE, LOCKED))}: the one who wants to change it waits."
    )


def _skew(result: Result) -> str:
    said = f"*Write skew*. Pairs that left nobody on call: {_told(result, SKEW)}. "
    if _broken(result, SKEW, REPEATABLE):
        said += (
            "A snapshot does not help: each changes a row that the other one only read, so nothing is written twice. SERIALIZABLE also watches what was read, and refuses one of two "
            "that fit into no order. "
        )
    else:
        said += "Under REPEATABLE READ it can happen, as each changes a row that the other one only read; here no two met closely enough. "
    return (
        said
        + f"With all rows on which the decision rests locked {_of(result, _broken(result, SKEW, LOCKED))} broke the rule."
    )


def _advice() -> str:
    return (
        "For a backend: what goes wrong under READ COMMITTED, the default, goes wrong without an error, and more often the longer a transaction thinks. What is refused has an error, 40001, "
        "and asks for a loop that does the whole transaction again. So choose: one statement that does it (`SET units = units + 1`), a lock on what you decide by, or a stricter level "
        "with that loop. It is the [race](concept:race-conditions) of threads over a variable, one storey higher."
    )


def _trust(result: Result) -> tuple[str, ...]:
    said = [
        "How many pairs break a rule depends on how closely they meet, so on the knobs and on this machine. That the stricter levels let none through is PostgreSQL's promise (manual, "
        "Transaction Isolation); a count of none proves no promise."
    ]
    if _pairs(result) < _MOST_PAIRS * _ROUNDS:
        said.append(f"There was time for no more than {_pairs(result)} pairs of each kind.")
    return tuple(said)


def _bars(result: Result, series: str, what: str, ways: tuple[str, ...]) -> BarPlot:
    pairs = _pairs(result)
    counts = {(rule, way): int(sum(result.values(series.format(rule, way)))) for rule in RULES for way in ways}
    shares = {cell: share_estimate(count, pairs) for cell, count in counts.items()}
    bars = tuple(
        Bar(label=f"{rule}, {way}", value=100 * each.value, low=100 * each.low, high=100 * each.high)
        for (rule, way), each in shares.items()
    )
    said = result.predicted if series == _BROKEN else None
    return BarPlot(
        title=f"Pairs that {what}",
        alt=f"Of {pairs} pairs {what}: "
        + "; ".join(f"{rule}, {way} {count}" for (rule, way), count in counts.items())
        + ".",
        axis=Axis(label=f"pairs that {what}", unit="%"),
        bars=bars,
        marks=()
        if said is None
        else (Mark(value=said.value, label=f"you predicted {number(said.value)} of 100 lost"),),
    )
