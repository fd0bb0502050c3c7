"""Two counters, two writers, nothing shared; and the distance from which on that is true for the hardware as well."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from itertools import pairwise
from pathlib import Path

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_APART, _SAME, _ALONE = "counters apart", "one counter for both", "one writer alone"
_TOGETHER = "share of slices with both writing to the end"
_LINE = "bytes of a cache line, by the kernel"

_DISTANCES = (8, 16, 32, 64, 128, 256, 512)
_NEAR, _FAR = _DISTANCES[0], _DISTANCES[-1]
_ROUNDS = 40
_TIMES, _TIMES_LEAST = 200_000, 4000
_PAUSE_STEPS = 5  # take about as long as an addition
_TRIES = 4
_TO_THE_END = 0.8  # so far the slower one was when the quicker one ended
_CLEAR = 1.3  # a step from one distance to the next that is called one
_ALIKE = 1.05
_DOUBTED = 0.5

lab = Lab(
    title="False sharing",
    question="Two threads add to two different counters. Does it matter where the counters lie?",
    about=(
        "Two threads, each on a processor of its own, add one to a counter each, hundreds of thousands of times: a load, an addition and a store, compiled. "
        "There is no lock, and neither looks at the other’s counter. The two lie 8 to 512 bytes apart. Beside that, both add to one counter, and one "
        "adds alone. What counts are slices in which both were adding to the end."
    ),
    concepts=("false-sharing", "shared-memory", "lock-free-queues"),
    prediction=Prediction(
        ask="How many times as long does an addition take with the counters 8 bytes apart as with 512 bytes between them?",
        unit="×",
    ),
    knobs=(Knob("pause", "steps of other work between two additions", default=0, choices=(0, 10, 100, 1000)),),
    seconds=5,
)


@lab.unless
def why_not() -> str | None:
    """Two processors are needed, and compiled code, as an interpreter is too slow to feel it."""
    if sys.platform != "linux":
        return "it needs Linux"
    if not importlib.util.find_spec("numba"):
        return "it needs numba, which is not installed"
    return None if len(os.sched_getaffinity(0)) > 1 else "it needs two processors, and there is one"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every distance once in each round."""
    bench.progress(0, "compiling")
    from climb.labs.two_writers import Slice, Task, compiled, two_processors

    processors = two_processors()
    assert processors is not None
    bench.fact(_LINE, _line_bytes(processors[0]))
    timed, pause = compiled(processors), int(knobs["pause"])
    task = Task(0, max(_TIMES_LEAST, _TIMES // max(1, pause // _PAUSE_STEPS)), pause)
    conditions: list[tuple[str, float | None, Task]] = [
        (_APART, each, task._replace(distance=each)) for each in _DISTANCES
    ]
    conditions += [(_SAME, None, task), (_ALONE, None, task._replace(alone=True))]
    kept: list[Slice] = []
    for _ in bench.rounds(_ROUNDS, "adding", begin=0.2):
        for series, at, each in random.sample(conditions, len(conditions)):
            tried: list[Slice] = []
            while len(tried) < _TRIES and not (tried and tried[-1].together >= _TO_THE_END):
                tried.append(timed(each))
            kept.append(max(tried, key=lambda one: one.together))
            bench.record(series, kept[-1].nanoseconds, unit="ns", at=at)
    bench.fact(_TOGETHER, sum(each.together >= _TO_THE_END for each in kept) / len(kept))


def _line_bytes(processor: int) -> float:
    """As the kernel tells; 0 if it doesn't."""
    try:
        told = Path(f"/sys/devices/system/cpu/cpu{processor}/cache/index0/coherency_line_size").read_text("ascii")
        return float(told)
    except (OSError, ValueError):
        return 0.0


@lab.explain
def explain(result: Result) -> Explanation:
    """Near and far, the distance between, the neighbours of the measurement, and what follows."""
    ratio = ratio_estimate(result.values(_APART, _NEAR), result.values(_APART, _FAR))
    return Explanation(
        answer=ratio,
        headline=_headline(result, ratio),
        text="\n\n".join((_why(result, ratio), _line(result, ratio), _beside(result, ratio), _advice(ratio))),
        plots=(_by_distance(result), _bars(result)),
        trust=_trust(result),
    )


def _at(result: Result, distance: float) -> float:
    return median(result.values(_APART, distance))


def _headline(result: Result, ratio: Estimate) -> str:
    near, far = number(_at(result, _NEAR)), number(_at(result, _FAR))
    told = f"With the counters {_NEAR} bytes apart an addition took {near} ns, with {_FAR} bytes {far} ns"
    if ratio.low > 1:
        return f"{told}: {number(ratio.value)} times as long."
    if ratio.high < 1:
        return f"{told}: no longer for being near."
    return f"{told}, which this run can’t tell apart."


def _why(result: Result, ratio: Estimate) -> str:
    told = (
        "A processor writes to memory only when it is the only one that has the [line](concept:false-sharing) on which the number lies. Two counters on one line are "
        "one thing to it: the line goes to and fro between the two processors, whatever the program thinks it shares."
    )
    pause = int(result.knobs["pause"])
    if ratio.low > 1:
        extra = _at(result, _NEAR) - _at(result, _FAR)
        told = f"{told} That cost {number(extra)} ns for an addition here."
        if pause:
            return told
        return f"{told} A journey takes longer as a rule; who has the line makes several additions before it is gone again."
    reasons = "the two processors may be two threads of one core, which share their cache, or the two writers hardly ran at the same time"
    if pause:
        reasons = f"with {pause} steps between two additions the journey may be small beside the rest, {reasons.replace(', which', ' which')}"
    return f"{told} Nothing of that could be seen in this run: {reasons}."


def _line(result: Result, ratio: Estimate) -> str:
    kernel = result.number(_LINE)
    known = f" The kernel names {kernel:.0f} bytes as the length of a line." if kernel else ""
    step = _step(result)
    if ratio.low <= 1 or step is None:
        return f"No distance stands out as the one from which on the counters are apart.{known}"
    below, above = step
    told = (
        f"From {below:.0f} to {above:.0f} bytes the time fell most, from {number(_at(result, below))} to {number(_at(result, above))} ns. The first counter lies at the beginning of "
        f"a line, so lines here behave as if they were {above:.0f} bytes long.{known}"
    )
    if kernel and above > kernel:
        return f"{told} That they part later can have a reason: some processors fetch lines in pairs."
    return told


def _step(result: Result) -> tuple[float, float] | None:
    """The neighbouring distances between which the time falls most, if it clearly does."""
    below, above = max(pairwise(_DISTANCES), key=lambda pair: _at(result, pair[0]) / _at(result, pair[1]))
    fall = ratio_estimate(result.values(_APART, below), result.values(_APART, above))
    return (below, above) if fall.low > _CLEAR else None


def _beside(result: Result, ratio: Estimate) -> str:
    same, alone = median(result.values(_SAME)), median(result.values(_ALONE))
    truly = ratio_estimate(result.values(_APART, _NEAR), result.values(_SAME))
    told = f"Both adding to one counter, without a lock, took {number(same)} ns for an addition."
    if ratio.low <= 1:
        return f"{told} One writer alone took {number(alone)} ns."
    if truly.low <= 1 <= truly.high:
        told += " This run can’t tell that from two counters that are near: to the hardware, false sharing is sharing."
    else:
        told += f" Two counters {_NEAR} bytes apart took {number(truly.value)} times as long as that."
    told += " (The result of that is wrong as well: see the lab [lost updates](lab:lost-updates).)"
    far = ratio_estimate(result.values(_APART, _FAR), result.values(_ALONE))
    if far.low <= _ALIKE and far.high >= 1 / _ALIKE:
        return f"{told} One writer alone took {number(alone)} ns, hardly another time than two writers far apart: those don’t disturb each other."
    return f"{told} One writer alone took {number(alone)} ns, two that are far apart {number(far.value)} times as much."


def _advice(ratio: Estimate) -> str:
    begin = (
        f"{number(ratio.value)} times sounds like much, and is it only where threads do little else than write. "
        if ratio.low > 1
        else "It matters only where threads do little else than write. "
    )
    return (
        f"For a backend: {begin}Counters of requests, heads and tails of [queues](concept:lock-free-queues) and locks of neighbouring shards are such places. Give each a line of "
        "its own, or count in a local variable and publish now and then. Turn the knob to see how fast other work makes it disappear."
    )


def _trust(result: Result) -> tuple[str, ...]:
    together = result.number(_TOGETHER)
    told = [
        f"In {number(100 * (1 - together))} % of the slices that count, one of the two was not adding to the end of the other; the machine was too busy for it, and there the "
        "counters may look farther apart than they are."
        if together < 1
        else "In all slices that count both were adding nearly to the end.",
        "How long a line travels depends on where the two processors are: on one chip it is quicker than between two.",
    ]
    if together < _DOUBTED:
        told.append("That is more than half of them, so this run shows little: run it again when the machine is quiet.")
    return tuple(told)


def _by_distance(result: Result) -> LinePlot:
    points = tuple(Point.of(distance, median_estimate(values)) for distance, values in result.series(_APART).items())
    return LinePlot(
        title="An addition, by the distance of the counters",
        alt="; ".join(f"{point.x:.0f} bytes: {number(point.y)} ns" for point in points) + ".",
        x=Axis(label="distance", unit="bytes", log=True),
        y=Axis(label="time of an addition", unit="ns"),
        lines=(Line(label=_APART, points=points),),
    )


def _bars(result: Result) -> BarPlot:
    rows = {
        f"{_NEAR} bytes apart": result.values(_APART, _NEAR),
        f"{_FAR} bytes apart": result.values(_APART, _FAR),
        _SAME: result.values(_SAME),
        _ALONE: result.values(_ALONE),
    }
    bars = tuple(Bar.of(label, median_estimate(values)) for label, values in rows.items())
    said = result.predicted
    marks: tuple[Mark, ...] = ()
    if said is not None:
        label = f"you predicted {number(said.value)} × for {_NEAR} bytes"
        marks = (Mark(value=said.value * _at(result, _FAR), label=label),)
    return BarPlot(
        title="An addition, near and far",
        alt="; ".join(f"{bar.label}: {number(bar.value)} ns" for bar in bars) + ".",
        marks=marks,
        axis=Axis(label="time", unit="ns"),
        bars=bars,
    )
