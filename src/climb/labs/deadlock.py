"""Two processes take two locks in opposite orders: how long that goes well, and what each cure costs."""

from __future__ import annotations

import os
import sys
import time

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.two_locks import ALONE, BACK_OFF, ONE_LOCK, ONE_ORDER, OPPOSITE, TRY_AGAIN, Pair, Task, pair
from climb.labs.words import number

__all__ = ["lab"]

_UNTIL = "both locks wanted, until nothing went on"
_UNHARMED = "both locks wanted, and it went well to the end"
_COST, _GIVEN_BACK = "time for both locks: {}", "first lock given back: {}"
_CURES = (ONE_ORDER, ONE_LOCK, BACK_OFF, TRY_AGAIN)
_TRYING = (BACK_OFF, TRY_AGAIN)
_PROCESSORS = "processors"

_TRIALS, _TRIALS_LEAST = 40, 10
_ENOUGH_SECONDS = 6.0
_TRIAL_TIMES, _TRIAL_SECONDS = 5000, 1.0  # after so many, or so long, a trial is over although all goes well
_ROUNDS = 15
_RUN_SECONDS, _RUN_HOLDS = 0.02, 50  # of a cure: so long, and as long as so many pauses between the locks
_TRIALS_SHARE = 0.6  # of the whole time
_MICRO = 1e-6

lab = Lab(
    title="Deadlock",
    question="Two locks, taken in opposite orders: how long does that go well, and what does each cure cost?",
    about=(
        "Two processes need the same two locks, again and again. One takes them in one order, the other in the opposite one. Each waits a random time between "
        "the two locks, and rests a random time before the next pair. A trial ends when each holds what the other waits for, which both can see in a page of "
        "memory that they share. Then the cures, without rests: how long a pair of locks takes with each."
    ),
    concepts=("deadlocks", "mutexes", "race-conditions"),
    prediction=Prediction(
        ask="How many times do the two want both locks, counted together, until they stand still, in the middle one of all trials?",
        unit="times",
    ),
    knobs=(
        Knob(
            "between",
            "µs that one lock is held before the other is wanted, on average",
            default=10,
            choices=(0, 10, 100, 1000),
        ),
        Knob("rest", "µs without a lock before the next pair, on average", default=1000, choices=(0, 100, 1000)),
    ),
    seconds=8,
)


@lab.unless
def why_not() -> str | None:
    """Locks and memory are shared by forking."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Trials until nothing goes on; then every cure once in each round."""
    between, rest = (float(knobs[name]) * _MICRO for name in ("between", "rest"))
    bench.fact(_PROCESSORS, len(os.sched_getaffinity(0)))
    with pair(bench) as both:
        _try_out(bench, both, Task(OPPOSITE, _TRIAL_TIMES, between, rest, _TRIAL_SECONDS))
        longest = _RUN_SECONDS + _RUN_HOLDS * between
        for _ in bench.rounds(_ROUNDS, "trying the cures", begin=_TRIALS_SHARE):
            for way in (ALONE, *_CURES):
                done = both.run(Task(way, sys.maxsize, between, 0, longest))
                bench.record(_COST.format(way), done.seconds / max(done.times, 1) / _MICRO, unit="µs")
                if way in _TRYING:
                    share = done.given_back / max(done.given_back + done.times, 1)
                    bench.record(_GIVEN_BACK.format(way), 100 * share, unit="%")


def _try_out(bench: Bench, both: Pair, task: Task) -> None:
    begin = time.monotonic()
    for trial in bench.rounds(_TRIALS, "waiting for a deadlock", end=_TRIALS_SHARE):
        if trial >= _TRIALS_LEAST and time.monotonic() - begin > _ENOUGH_SECONDS:
            break
        done = both.run(task)
        wanted = done.times + (2 if done.stood_still else 0)  # those in which they stand still count, too
        bench.record(_UNTIL if done.stood_still else _UNHARMED, max(wanted, 1), unit="times")


@lab.explain
def explain(result: Result) -> Explanation:
    """How soon, how differently soon, and the cures."""
    wanted = median_estimate(_all(result))
    return Explanation(
        answer=wanted,
        headline=_headline(result, wanted),
        text="\n\n".join((_why(result), _noticed(result), _cures(result), _trying(result))),
        plots=(_trials(result), _costs(result)),
        trust=_trust(result),
    )


def _of(result: Result, series: str) -> tuple[float, ...]:
    return next((sample.values for sample in result.samples if sample.series == series), ())


def _all(result: Result) -> tuple[float, ...]:
    return _of(result, _UNTIL) + _of(result, _UNHARMED)


def _headline(result: Result, wanted: Estimate) -> str:
    stood, trials = len(_of(result, _UNTIL)), len(_all(result))
    if not stood:
        return f"In none of {trials} trials did the two stand still, which proves nothing."
    told = f"The two stood still in {stood} of {trials} trials"
    if stood == trials:
        return f"{told}, the middle one after they had wanted both locks {wanted.value:,.0f} times."
    if stood > trials / 2:
        return f"{told}; in the middle one of all they had wanted both locks {wanted.value:,.0f} times by then."
    return f"{told}; in the others it went well until the trial was over, {number(median(_of(result, _UNHARMED)))} times in the middle."


def _why(result: Result) -> str:
    between, rest = (int(result.knobs[name]) for name in ("between", "rest"))
    return (
        "Each takes its first lock, and then needs the one that the other has: a circle, and none of the two will ever go on. It is no error of a lock, and no "
        f"time limit of ours makes it one; both were seen to wait for each other. A [deadlock](concept:deadlocks) needs both to be between their two locks at once. Here one "
        f"was there for {between} µs and a few more, and rested for {rest} µs. Turn the knobs: the longer the one and the shorter the other, the sooner it happens; nothing makes "
        "it impossible except another way to take the locks."
    )


def _noticed(result: Result) -> str:
    stood, unharmed = _of(result, _UNTIL), _of(result, _UNHARMED)
    told = ""
    if stood:
        least, most = min(stood), max(stood)
        told = (
            f"The quickest trial stood still when both locks had been wanted {least:,.0f} times, the slowest at {most:,.0f}. "
            if len(stood) > 1
            else f"It stood still when both locks had been wanted {least:,.0f} times. "
        )
    if unharmed:
        told += f"In {len(unharmed)} of {len(_all(result))} trials nothing happened before the trial was over. "
    return (
        f"{told}Such an event has no usual time: it may be the next one or be long in coming, and how long it went well tells nothing of when it comes. So a test that passes "
        "is no evidence, and in production it is a question of load."
    )


def _cures(result: Result) -> str:
    cost = {way: result.values(_COST.format(way)) for way in (ALONE, *_CURES)}
    order, one, alone = (number(median(cost[way])) for way in (ONE_ORDER, ONE_LOCK, ALONE))
    told = (
        f"What the cures cost, for a pair of locks, the pause between them included: one process alone needed {alone} µs. Of two at once, one got both every {order} µs when both "
        f"kept to one order, and every {one} µs with one [lock](concept:mutexes) in place of two."
    )
    ratio = ratio_estimate(cost[ONE_ORDER], cost[ONE_LOCK])
    if ratio.low <= 1 <= ratio.high:
        told += " This run can’t tell the two apart."
    else:
        slower = "One order" if ratio.low > 1 else "One lock"
        told += f" {slower} took {number(max(ratio.value, 1 / ratio.value))} times as long here."
    return (
        f"{told} Here everybody needs both locks. Where many need only one of them, one lock for all makes them wait without need, and an order does not: it costs a rule that all "
        "have to know."
    )


def _trying(result: Result) -> str:
    back, again = (median(result.values(_GIVEN_BACK.format(way))) for way in _TRYING)
    back_cost, again_cost = (median(result.values(_COST.format(way))) for way in _TRYING)
    told = (
        "Who does not get the second lock can give back the first, and try again. Done at once, "
        f"{number(again)} % of all attempts were for nothing, and a pair took {number(again_cost)} µs; after a random wait {number(back)} %, and {number(back_cost)} µs."
    )
    ratio = ratio_estimate(*(result.values(_COST.format(way)) for way in (TRY_AGAIN, BACK_OFF)))
    if ratio.low > 1:
        told += " The wait helped: who tries again at once meets the other at the same place."
    elif ratio.high < 1:
        told += " The wait cost more than it saved here, as the two met too seldom, or too shortly."
    else:
        told += " Whether the wait helped, this run can’t tell."
    return (
        f"{told} If both gave way to each other for ever, busy and without result, that would be a *livelock*. For a backend: an order for all locks where it can be known; where it can’t, "
        "as in a database, detection, and a new attempt after a random wait."
    )


def _trust(result: Result) -> tuple[str, ...]:
    told = [
        "Processes in Python take microseconds from one lock to the next. In compiled code that stretch is shorter, and the deadlock rarer, until there are more calls."
    ]
    if _of(result, _UNHARMED):
        told.append(
            "Trials that went well to the end count with the number that they reached, so the middle of all trials may be too low."
            if len(_of(result, _UNTIL)) <= len(_all(result)) / 2
            else "Trials that went well to the end count with the number that they reached."
        )
    if result.number(_PROCESSORS) < 2:
        told.append("There is one processor: the two meet only when one is put aside, or waits, between its two locks.")
    return tuple(told)


def _trials(result: Result) -> StripPlot:
    found = {"stood still": _of(result, _UNTIL), "went well to the end": _of(result, _UNHARMED)}
    strips = tuple(Strip(label=label, values=values) for label, values in found.items() if values)
    said = result.predicted
    return StripPlot(
        title="How often both locks were wanted, in each trial",
        alt="; ".join(
            f"{strip.label}: {len(strip.values)} trials, from {min(strip.values):,.0f} to {max(strip.values):,.0f} times"
            for strip in strips
        )
        + ".",
        axis=Axis(label="times that both locks were wanted", log=True),
        strips=strips,
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {number(said.value)}"),),
    )


def _costs(result: Result) -> BarPlot:
    bars = tuple(Bar.of(way, median_estimate(result.values(_COST.format(way)))) for way in (ALONE, *_CURES))
    return BarPlot(
        title="Time from one pair of locks to the next",
        alt="; ".join(f"{bar.label}: {number(bar.value)} µs" for bar in bars) + ".",
        axis=Axis(label="time", unit="µs"),
        bars=bars,
    )
