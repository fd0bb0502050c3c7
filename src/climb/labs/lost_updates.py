"""A counter that several processes add to: how many additions are lost, from which number on that shows, and what not losing costs."""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import os
import sys
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Lock

from climb.errors import SetupError
from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate
from climb.labs.words import number

__all__ = ["lab"]

_PLAIN, _LOCKED, _OWN = "no lock", "a lock around each addition", "a counter each, added up"
_LOST, _COST = "lost: {}", "time of an addition: {}"
_PROCESSORS = "processors"

_SIZES = (10, 100, 1000, 10_000, 100_000)
_LARGEST = _SIZES[-1]
_ROUNDS = 20
_LOCKED_LEAST = 20  # a lock takes ten times as long; its additions are fewer by so much
_START, _SPACE = 256, 8  # places of 8 bytes in the shared page: the starting signal; from one own counter to the next
_START_SECONDS = 10.0

lab = Lab(
    title="Lost updates",
    question="Two processes add to one counter without a lock. How much is lost, and would a test have noticed?",
    about=(
        "Two or more processes share a page of memory and add one to the same number in it, again and again: read, add, write. They wait for a "
        "common signal, so that they run at the same time. Afterwards the number is compared with the additions made. Then the same with a lock "
        "around each addition, and with a counter for each process."
    ),
    concepts=("race-conditions", "mutexes", "shared-memory"),
    prediction=Prediction(
        ask=f"Each process adds {_LARGEST:,} times, without a lock. How many percent of all additions are lost?",
        unit="%",
    ),
    knobs=(
        Knob("writers", "processes that add", default=2, choices=(2, 3, 4, 8)),
        Knob("between", "steps of a loop between reading and writing", default=0, choices=(0, 10, 100)),
    ),
    seconds=6,
)


@lab.unless
def why_not() -> str | None:
    """The memory is shared by forking."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every number of additions once in each round; then the cost of each way."""
    writers, between = int(knobs["writers"]), int(knobs["between"])
    bench.fact(_PROCESSORS, len(os.sched_getaffinity(0)))
    memory = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")
    lock = multiprocessing.get_context("fork").Lock()
    with ExitStack() as stack:
        group = [stack.enter_context(bench.process(_add, number, memory, lock, between)) for number in range(writers)]
        for _ in bench.rounds(_ROUNDS, "adding"):
            for times in _SIZES:
                for way in (_PLAIN,) if times < _LARGEST else (_PLAIN, _LOCKED, _OWN):
                    _trial(bench, memory, group, way, times // _LOCKED_LEAST if way == _LOCKED else times)


def _trial(bench: Bench, memory: memoryview, group: list[Connection], way: str, times: int) -> None:
    for place in range(len(memory)):
        memory[place] = 0
    for process in group:
        process.send((way, times))
    for process in group:
        received(process)  # it waits for the signal
    memory[_START] = 1
    seconds = max(float(received(process)) for process in group)
    made, counted = times * len(group), sum(memory[place] for place in range(0, _START, _SPACE))
    bench.record(_LOST.format(way), 100 * (made - counted) / made, unit="%", at=times if way == _PLAIN else None)
    if times == _LARGEST or way == _LOCKED:
        bench.record(_COST.format(way), seconds / times * 1e9, unit="ns")


def _add(connection: Connection, number: int, memory: memoryview, lock: Lock, between: int) -> None:
    """Add in the way and as often as told, from the signal on; say how long it took."""
    gc.disable()
    own = (number + 1) * _SPACE
    steps = range(between)
    while True:
        way, times = connection.recv()
        connection.send("ready")
        _wait_for_start(memory)
        begin = time.perf_counter()
        if way == _LOCKED:
            for _ in range(times):
                with lock:
                    _once(memory, 0, steps)
        else:
            _often(memory, own if way == _OWN else 0, steps, times)
        connection.send(time.perf_counter() - begin)


def _often(memory: memoryview, place: int, steps: range, times: int) -> None:
    for _ in range(times):
        value = memory[place]
        for _ in steps:
            pass
        memory[place] = value + 1


def _once(memory: memoryview, place: int, steps: range) -> None:
    value = memory[place]
    for _ in steps:
        pass
    memory[place] = value + 1


def _wait_for_start(memory: memoryview) -> None:
    """Look again and again rather than sleep: those who sleep wake up one after the other."""
    deadline = time.monotonic() + _START_SECONDS
    while not memory[_START]:
        if time.monotonic() > deadline:
            raise SetupError("the processes of this lab did not start together: the machine may be too busy for it")


@lab.explain
def explain(result: Result) -> Explanation:
    """How much, from which size on, and what the cures cost."""
    lost = median_estimate(result.values(_LOST.format(_PLAIN), _LARGEST))
    return Explanation(
        answer=lost,
        headline=_headline(result, lost),
        text="\n\n".join((_why(result, lost), _noticed(result), _cures(result))),
        plots=(_by_size(result), _costs(result)),
        trust=_trust(result),
    )


def _headline(result: Result, lost: Estimate) -> str:
    writers = result.knobs["writers"]
    made = f"Of {writers} × {_LARGEST:,} additions without a lock,"
    if lost.high == 0:
        return f"{made} none was lost in this run, which proves nothing."
    return f"{made} {number(lost.value)} % were lost."


def _why(result: Result, lost: Estimate) -> str:
    told = (
        "An addition reads the number, adds one and writes it back. If another process reads between this reading and this writing, both write the "
        "same number, and one addition is gone: a [race condition](concept:race-conditions)."
    )
    if result.number(_PROCESSORS) < 2:
        return f"{told} On one processor that can only happen when the kernel takes it away in just that moment, so few are lost, and only in long runs."
    if lost.high == 0:
        return f"{told} It did not happen here, although the processes ran on several processors. It still can."
    return f"{told} With processors of their own the processes do it all the time: each is between reading and writing for a large part of its loop."


def _noticed(result: Result) -> str:
    shares = _shares(result)
    rows = ", ".join(f"{share:.0f} % with {times:,.0f}" for times, share in shares.items())
    told = f"Would a test have noticed? Runs in which anything was lost: {rows} additions for each process."
    right = [times for times, share in shares.items() if share == 0]
    if right and max(shares.values()) > 0:
        return (
            f"{told} With {max(right):,.0f} additions the result was right every time. A test that adds so often and compares passes, and the "
            "program is wrong all the same. This is why races are excluded by reasoning rather than found by testing."
        )
    if max(shares.values()) == 0:
        return f"{told} A test would have passed at every size, and the program is wrong all the same."
    return f"{told} A test of one run would have passed or failed by chance at some of these sizes."


def _cures(result: Result) -> str:
    plain, locked, own = (median(result.values(_COST.format(way))) for way in (_PLAIN, _LOCKED, _OWN))
    wrong = max(max(result.values(_LOST.format(way))) for way in (_LOCKED, _OWN))
    exact = (
        "With a lock, and with a counter for each process, no addition was lost"
        if wrong == 0
        else (
            f"With a lock and with own counters up to {number(wrong)} % were lost, which should not be; please report this run"
        )
    )
    told = (
        f"{exact}. Each process needed {number(plain)} ns for an addition without a lock, {number(locked)} ns with a "
        f"[lock](concept:mutexes) around it, and {number(own)} ns with a counter of its own."
    )
    if own < locked / 2:
        return (
            f"{told} What is not shared needs no lock: count apart, and add up when somebody asks. If sharing can’t be avoided, hold the lock for a "
            "batch instead of for one addition."
        )
    return (
        f"{told} In this run the lock cost little beside the rest; with less to do between two additions it costs more."
    )


def _shares(result: Result) -> dict[float, float]:
    """For each number of additions, the percentage of runs in which something was lost."""
    found = result.series(_LOST.format(_PLAIN))
    return {times: 100 * sum(value > 0 for value in values) / len(values) for times, values in found.items()}


def _trust(result: Result) -> tuple[str, ...]:
    processors, writers = result.number(_PROCESSORS), int(result.knobs["writers"])
    told = [
        "The processes run Python, whose loop spends tens of nanoseconds beside reading and writing. Compiled code loses another share, not none."
    ]
    if processors < writers:
        told.append(
            f"{writers} processes shared {processors:.0f} processors, so that at any moment some did not run; the shorter the run, the more likely it is over "
            "before the next one begins."
        )
    return tuple(told)


def _by_size(result: Result) -> LinePlot:
    found = result.series(_LOST.format(_PLAIN))
    lost = tuple(Point.of(times, median_estimate(values)) for times, values in found.items())
    noticed = tuple(Point(x=times, y=share) for times, share in _shares(result).items())
    said = result.predicted
    return LinePlot(
        title="Without a lock",
        alt="; ".join(
            f"{point.x:,.0f} additions each: {number(point.y)} % lost, noticed in {share.y:.0f} % of the runs"
            for point, share in zip(lost, noticed, strict=True)
        )
        + ".",
        x=Axis(label="additions of each process", log=True),
        y=Axis(label="share", unit="%"),
        lines=(Line(label="lost", points=lost), Line(label="runs that lost any", points=noticed)),
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {number(said.value)} %"),),
    )


def _costs(result: Result) -> BarPlot:
    bars = tuple(Bar.of(way, median_estimate(result.values(_COST.format(way)))) for way in (_PLAIN, _LOCKED, _OWN))
    return BarPlot(
        title="Time of one addition",
        alt="; ".join(f"{bar.label}: {number(bar.value)} ns" for bar in bars) + ".",
        axis=Axis(label="time", unit="ns"),
        bars=bars,
    )
