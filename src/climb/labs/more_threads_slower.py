"""What more threads bring if a part of their work needs a lock, and the law that describes it."""

from __future__ import annotations

import importlib.util
import math
import os
import random
import sys
from collections.abc import Mapping
from typing import NamedTuple

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, ratio_estimate
from climb.labs.words import number

__all__ = ["lab", "law_of"]

_LOCKED, _FREE = "part of it under a lock", "nothing shared"
_SWITCHES = "processor given up, for 1,000 units"
_PROCESSORS = "processors"

_THREADS = (1, 2, 3, 4, 6, 8, 12, 16)
_ROUNDS = 15
_RUN_SECONDS = 0.02
_LEAST_KEEPING = 1e-6  # the peak is beyond what can be told with so few threads
_FINE_POINTS = 2  # of the law's curve, from one number of threads to the next

lab = Lab(
    title="More threads, slower",
    question="How many threads are enough, if a part of their work needs a lock?",
    about=(
        "Threads do units of work, compiled and without the interpreter’s lock: steps that compute and write to memory of their own, then steps that "
        "write to memory of all, under a mutex. How many units all of them together do in a second is compared with what one thread does; and then the same "
        "with nothing shared, where only the number of processors is a limit."
    ),
    concepts=("parallel-streams", "mutexes", "convoy-and-starvation", "threads-and-processes"),
    prediction=Prediction(
        ask="A fifth of the work (unless you turn the knob) needs the lock. With the most threads, how many times as much is done as by one thread?",
        unit="×",
    ),
    knobs=(
        Knob("share", "percent of the work that needs the lock", default=20, choices=(2, 20, 50, 90)),
        Knob("steps", "steps in a unit of work, of a few nanoseconds each", default=1000, choices=(100, 1000, 10_000)),
        Knob("threads", "threads at the most", default=8, choices=(4, 8, 16)),
    ),
    seconds=7,
)


@lab.unless
def why_not() -> str | None:
    """The work is compiled, and the mutex is that of the C library."""
    if sys.platform != "linux":
        return "it needs Linux"
    return None if importlib.util.find_spec("numba") else "it needs numba, which is not installed"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every number of threads once in each round, with the lock and without."""
    steps, most = int(knobs["steps"]), int(knobs["threads"])
    locked = steps * int(knobs["share"]) // 100
    bench.fact(_PROCESSORS, len(os.sched_getaffinity(0)))
    bench.progress(0, "compiling")
    from climb.labs.sharing_work import compiled

    run = compiled()
    conditions = [(way, count) for way in (_LOCKED, _FREE) for count in _THREADS if count <= most]
    run(2, steps, steps, _RUN_SECONDS)  # once unmeasured
    for _ in bench.rounds(_ROUNDS, "working", begin=0.2):
        for way, count in random.sample(conditions, len(conditions)):
            alone, shared = (steps - locked, locked) if way == _LOCKED else (steps, 0)
            done = run(count, alone, shared, _RUN_SECONDS)
            bench.record(way, done.units / done.seconds / 1000, unit="thousand/s", at=count)
            if way == _LOCKED:
                bench.record(_SWITCHES, 1000 * done.switches / max(done.units, 1), unit="times", at=count)


class Law(NamedTuple):
    """Gunther's Universal Scalability Law: N threads do N / (1 + σ(N - 1) + κN(N - 1)) times the work of one.

    Source: Gunther, Guerrilla Capacity Planning (2007), chapter 4.
    """

    serial: float  # σ: the share of work that only one can do at a time
    keeping: float  # κ: what each two cost each other

    def gain(self, threads: float) -> float:
        """How many times the work of one thread so many do."""
        more = threads - 1
        return threads / (1 + self.serial * more + self.keeping * threads * more)

    @property
    def peak(self) -> float | None:
        """The number of threads from which on more of them do less; None if there is none."""
        return math.sqrt(max(1 - self.serial, 0) / self.keeping) if self.keeping > 0 else None


def law_of(gains: Mapping[float, float]) -> Law:
    """The law that fits measured gains best: N / gain - 1 is a sum of two terms, so least squares do, and neither may be below zero."""
    rows = [(n - 1, n * (n - 1), n / gain - 1) for n, gain in gains.items() if n > 1]
    aa, ab, bb = (sum(r[i] * r[j] for r in rows) for i, j in ((0, 0), (0, 1), (1, 1)))
    ay, by = (sum(r[i] * r[2] for r in rows) for i in (0, 1))
    determinant = aa * bb - ab * ab
    serial, keeping = (ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant
    if keeping < _LEAST_KEEPING:
        return Law(max(ay / aa, 0.0), 0.0)
    return Law(serial, keeping) if serial >= 0 else Law(0.0, max(by / bb, 0.0))


@lab.explain
def explain(result: Result) -> Explanation:
    """What was measured, the law, the processors, and what follows."""
    most = max(result.series(_LOCKED))
    gain = _gain(result, _LOCKED, most)
    law = law_of({count: _gain(result, _LOCKED, count).value for count in result.series(_LOCKED)})
    return Explanation(
        answer=gain,
        headline=_headline(result, gain),
        text="\n\n".join((_measured(result), _law(result, law), _processors(result, law), _advice(result))),
        plots=(_gains(result, law), _given_up(result)),
        trust=(
            "The work is steps of arithmetic that fit into the nearest cache. Work that waits for memory or for the network gains from more threads than "
            "processors; this does not.",
            "If other programs want the processors, more threads get a larger share of them, which here looks like a gain.",
        ),
    )


def _gain(result: Result, way: str, threads: float) -> Estimate:
    return ratio_estimate(result.values(way, threads), result.values(way, 1))


def _best(result: Result) -> float:
    found = result.series(_LOCKED)
    return max(found, key=lambda count: median(found[count]))


def _headline(result: Result, gain: Estimate) -> str:
    most, share = max(result.series(_LOCKED)), result.knobs["share"]
    begin = f"With {share} % of the work under a lock,"
    if gain.high < 1:
        return f"{begin} {most:.0f} threads did {number(gain.value)} times as much as one: less than one alone."
    if gain.low > 1:
        return f"{begin} {most:.0f} threads did {number(gain.value)} times as much as one."
    return f"{begin} {most:.0f} threads did as much as one, as far as this run can tell."


def _measured(result: Result) -> str:
    best, most, found = _best(result), max(result.series(_LOCKED)), result.series(_LOCKED)
    told = (
        f"One thread did {number(median(found[1]))} thousand units a second. The most was done by {_threads(best)}: "
        f"{number(_gain(result, _LOCKED, best).value)} times as much."
    )
    last = ratio_estimate(found[most], found[best])
    if best < most and last.high < 1:
        told += f" With {most:.0f} it was {number(100 * (1 - last.value))} % less than that: more threads did less."
    elif best < most:
        told += f" Whether {most:.0f} do less, this run can’t tell."
    free = _gain(result, _FREE, most)
    return f"{told} With nothing shared, {most:.0f} threads did {number(free.value)} times as much as one."


def _threads(count: float) -> str:
    return "one thread" if count == 1 else f"{count:.0f} threads"


def _law(result: Result, law: Law) -> str:
    share = int(result.knobs["share"])
    told = (
        f"Gunther’s law, N / (1 + σ(N − 1) + κN(N − 1)), fits best with σ = {law.serial:.3f} and κ = {law.keeping:.4f}. The first is the share of work that only one "
        f"can do at a time; {share} % had the lock, which alone would bound the gain at {number(100 / share)}. The second is what each two cost each other: a "
        "lock that changes hands, and the memory it guards, which moves from one processor’s cache to the other’s."
    )
    peak = law.peak
    if peak is None:
        return f"{told} With κ = 0 more threads never do less, they only gain less and less."
    if peak > max(result.series(_LOCKED)):
        return f"{told} By these numbers more threads would do less from about {number(peak)} on, which is more than were measured."
    return f"{told} By these numbers the most is done by {_threads(max(1.0, float(round(peak))))}."


def _processors(result: Result, law: Law) -> str:
    processors, most = result.number(_PROCESSORS), max(result.series(_LOCKED))
    if processors >= most:
        return f"There were {processors:.0f} processors, so each thread could have one."
    there = "was one processor" if processors == 1 else f"were {processors:.0f} processors"
    more = ", so here σ is more than the lock’s" if 100 * law.serial > float(result.knobs["share"]) else ""
    return (
        f"There {there}: of more threads than that some always wait, and threads that compute gain nothing from it. The law knows no processors and takes their "
        f"number for a share of serial work{more}. "
        "Besides, a thread that has the lock may be put aside while it has it, and then all the others wait for one that does not run: a "
        "[convoy](concept:convoy-and-starvation)."
    )


def _advice(result: Result) -> str:
    switches = {count: median(values) for count, values in result.series(_SWITCHES).items()}
    few, many = min(switches), max(switches)
    return (
        f"For every 1,000 units the threads gave up their processor {number(switches[few])} times when there was one, {number(switches[many])} times when there were {many:.0f}. For a "
        "backend: do not choose the number of workers by feeling. Measure two or three numbers, fit the law, and look what bounds it. A smaller σ, less work under the "
        "[lock](concept:mutexes), state for [each worker alone](concept:parallel-streams), brings more than any number of threads."
    )


def _gains(result: Result, law: Law) -> LinePlot:
    measured = {
        way: tuple(Point.of(count, _gain(result, way, count)) for count in result.series(way))
        for way in (_LOCKED, _FREE)
    }
    most = max(result.series(_LOCKED))
    between = [1 + step / _FINE_POINTS for step in range(int(most - 1) * _FINE_POINTS + 1)]
    fitted = tuple(Point(x=threads, y=law.gain(threads)) for threads in between)
    said = result.predicted
    return LinePlot(
        title="Work done, times that of one thread",
        alt="; ".join(
            f"{way}: " + ", ".join(f"{number(point.y)} with {_threads(point.x)}" for point in points)
            for way, points in measured.items()
        )
        + ".",
        x=Axis(label="threads"),
        y=Axis(label="work done", unit="×"),
        lines=(*(Line(label=way, points=points) for way, points in measured.items()), Line(label="law", points=fitted)),
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {number(said.value)} ×"),),
    )


def _given_up(result: Result) -> LinePlot:
    found = result.series(_SWITCHES)
    points = tuple(Point(x=count, y=median(values)) for count, values in found.items())
    return LinePlot(
        title="How often threads gave up their processor, with the lock",
        alt="; ".join(f"{_threads(point.x)}: {number(point.y)}" for point in points) + " for 1,000 units.",
        x=Axis(label="threads"),
        y=Axis(label="times for 1,000 units"),
        lines=(Line(label="given up", points=points),),
    )
