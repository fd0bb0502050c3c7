"""What it costs to start a thread, a process or a program, and what the memory of the one who starts it has to do with that."""

from __future__ import annotations

import gc
import mmap
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from climb.errors import SetupError
from climb.labs.bench import Bench, received
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.starting_children import (
    FORK,
    FORK_EXEC,
    SPAWN,
    THREAD,
    VFORK,
    has_clone,
    sleeping_child,
    ways_to_start,
)
from climb.labs.statistics import median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_WAYS = (THREAD, VFORK, FORK, SPAWN, FORK_EXEC)
_ALONE = "writing to a page, no child"
_BESIDE = "writing to a page that a forked child shares"
_TABLES = "page tables of the parent with {} MiB (KiB)"
_HUGE = "huge pages of the parent with {} MiB (MiB)"

_ROUNDS = 30
_MIB = 1024 * 1024
_SIZES = (1, 16, 64, 256, 1024)
_WRITTEN_PAGES = 1024  # while the child lives: each is copied

lab = Lab(
    title="Fork, vfork or a thread",
    question="What does a process cost that a thread doesn’t, and why does it depend on who starts it?",
    about=(
        "Parents that hold 1 MiB to the amount chosen beside Python itself, each page written to, start something that ends at once, and wait for its end: a thread, a process by `vfork` "
        "and one by `fork`, and a small program (`true`) by `posix_spawn` and by `fork` and `exec`. Thread, `vfork` and `fork` are one system call, `clone`, "
        "with other flags. Parents and ways take turns in a drawn order, all on one processor. Last, a parent writes to pages that a sleeping child shares."
    ),
    concepts=("fork-exec-wait", "clone", "threads-and-processes", "processes"),
    prediction=Prediction(
        ask="How many threads can be started, one after the other, in the time of one fork of a parent with the memory chosen?",
        unit="threads",
    ),
    knobs=(
        Knob("memory", "MiB that the largest parent holds", default=256, choices=_SIZES[1:]),
        Knob(
            "pages",
            "what that memory is made of: pages of the usual size, or huge ones",
            default="usual",
            choices=("usual", "huge"),
        ),
    ),
    seconds=6,
)


@lab.unless
def why_not() -> str | None:
    """Clone is Linux's."""
    return None if sys.platform == "linux" and has_clone() else "it needs Linux, and a C library that has clone"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every way from every parent once in each round."""
    sizes, huge = [size for size in _SIZES if size <= int(knobs["memory"])], knobs["pages"] == "huge"
    if psutil.virtual_memory().available < 2 * sum(sizes) * _MIB:
        raise SetupError(f"parents with {sum(sizes)} MiB are more than this machine can spare; choose less memory")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # what is started begins on the same processor
    with ExitStack() as stack:
        parents = {size: stack.enter_context(bench.process(_parent, size, huge)) for size in sizes}
        for size, parent in parents.items():
            tables, huge_kib = received(parent)
            bench.fact(_TABLES.format(size), tables)
            if huge:
                bench.fact(_HUGE.format(size), huge_kib / 1024)
        for _ in bench.rounds(_ROUNDS, "starting", end=0.9):
            for size in random.sample(sizes, len(sizes)):
                parents[size].send("start")
                for way, took in received(parents[size]).items():
                    bench.record(way, took, unit="µs", at=size)
        for _ in bench.rounds(_ROUNDS, "writing to shared pages", begin=0.9):
            parents[sizes[-1]].send("write")
            alone, beside = received(parents[sizes[-1]])
            bench.record(_ALONE, alone, unit="ns")
            bench.record(_BESIDE, beside, unit="ns")


def _parent(control: Connection, size: int, huge: bool) -> None:
    """Hold memory, and start what is asked for."""
    memory = mmap.mmap(-1, size * _MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE if huge else mmap.MADV_NOHUGEPAGE)
    _write(memory, len(memory) // mmap.PAGESIZE)
    ways = ways_to_start()
    gc.disable()
    control.send((_kib("status", "VmPTE:"), _kib("smaps_rollup", "AnonHugePages:")))
    while True:
        if control.recv() == "start":
            control.send({way: _second(ways[way]) for way in random.sample(_WAYS, len(_WAYS))})
        else:
            control.send(_written(memory))


def _second(start: Callable[[], float]) -> float:
    """The first one finds the caches full of what others did."""
    start()
    return start()


def _written(memory: mmap.mmap) -> tuple[float, float]:
    pages = min(_WRITTEN_PAGES, len(memory) // mmap.PAGESIZE)
    _write(memory, pages)
    alone = _write(memory, pages)
    with sleeping_child():
        return alone, _write(memory, pages)


def _write(memory: mmap.mmap, pages: int) -> float:
    """Write a byte to each of the first pages, in a loop that runs in C; nanoseconds a page."""
    values = bytes(pages)
    begun = time.perf_counter_ns()
    memory[0 : pages * mmap.PAGESIZE : mmap.PAGESIZE] = values
    return (time.perf_counter_ns() - begun) / pages


def _kib(file: str, entry: str) -> float:
    """What the kernel says of this process' memory; 0 if it doesn't tell."""
    try:
        lines = Path("/proc/self", file).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith(entry)), 0.0)


@lab.explain
def explain(result: Result) -> Explanation:
    """What the flags of clone save, then what memory costs, then what is paid later."""
    largest = _largest(result)
    ratio = ratio_estimate(result.values(FORK, largest), result.values(THREAD, largest))
    fork, thread = (median(result.values(way, largest)) for way in (FORK, THREAD))
    return Explanation(
        answer=ratio,
        headline=(
            f"One fork of a parent with {largest:,.0f} MiB took {_time(fork)}, as long as {number(ratio.value)} threads of {_time(thread)}."
        ),
        text="\n\n".join((_flags(result), _memory(result), _programs(result), _later(result))),
        plots=(_lines(result), _bars(result)),
        trust=(
            "What is started ends at once, and its end is in the time: for a forked process that includes giving its page tables back. "
            "One that goes on to work would also copy the pages that it writes to.",
            "The C library keeps the stack of a thread that has ended for the next one; the first of many threads at once cost more.",
            "The time of a fork differs from run to run by more than its interval says: where in the machine the parents’ memory lies is settled once a run.",
            "All is on one processor. Elsewhere a new thread or process may begin on another one, which first must be woken.",
        ),
    )


def _largest(result: Result) -> float:
    return max(result.series(FORK))


def _smallest(result: Result) -> float:
    return min(result.series(FORK))


def _time(microseconds: float) -> str:
    return f"{number(microseconds / 1000)} ms" if microseconds >= 1000 else f"{number(microseconds)} µs"


def _flags(result: Result) -> str:
    small = _smallest(result)
    thread, vfork, fork = (median(result.values(way, small)) for way in (THREAD, VFORK, FORK))
    ratio = ratio_estimate(result.values(VFORK, small), result.values(THREAD, small))
    said = (
        f"In the smallest parent a thread took {_time(thread)} from start to end, a process by `vfork` {_time(vfork)} and one by `fork` {_time(fork)}. "
        "All three are [clone](concept:clone), or its successor `clone3`, with other flags, which say what the child shares with its parent. A thread shares nearly everything. "
        "With `vfork` the child has a process id of its own, and borrows the parent’s memory while the parent stands still"
    )
    if ratio.low > 1:
        said += f"; that took {number(ratio.value)} times as long as the thread. "
    elif ratio.high < 1:
        said += f"; that took {number(ratio.value)} of the thread’s time. "
    else:
        said += "; from the thread this run can’t tell it. "
    return said + "With `fork` the child has memory of its own, which begins as a copy of the parent’s."


def _memory(result: Result) -> str:
    small, large = _smallest(result), _largest(result)
    growth = ratio_estimate(result.values(FORK, large), result.values(FORK, small))
    low, high = (median(result.values(FORK, size)) for size in (small, large))
    begin = f"That copy is why memory counts: `fork` took {_time(low)} with {small:,.0f} MiB beside Python itself, and {_time(high)} with {large:,.0f} MiB"
    held = f"No page is copied at the fork, but the [page tables](concept:virtual-memory) are, entry by entry{_entries(result)}"
    if growth.low <= 1:
        return f"{begin}, which this run can’t tell apart. {held}."
    each = (high - low) / (large - small)
    steady = ratio_estimate(result.values(THREAD, large), result.values(THREAD, small))
    thread = (
        "A thread needs no copy of them, and took about the same in the largest parent as in the smallest"
        if steady.low <= 1.1 and steady.high >= 0.9
        else f"A thread needs no copy of them; with the large parent it took {number(steady.value)} times what it took with the small one"
    )
    return f"{begin}, or {number(each)} µs more for each MiB. {held}. {thread}."


def _entries(result: Result) -> str:
    large = int(_largest(result))
    asked = result.knobs.get("pages") == "huge"
    huge = result.number(_HUGE.format(large)) if asked else 0.0
    if huge >= large / 2:
        return f", and here most of them are for huge pages ({number(huge)} MiB of the largest parent), of which each has one entry"
    refused = "; huge pages were asked for, and not given" if asked else ""
    tables = [result.number(_TABLES.format(size)) for size in (int(_smallest(result)), large)]
    return f": here {number(tables[0])} and {number(tables[1])} KiB of them{refused}"


def _programs(result: Result) -> str:
    large = _largest(result)
    spawn, fork_exec = result.values(SPAWN, large), result.values(FORK_EXEC, large)
    ratio = ratio_estimate(fork_exec, spawn)
    said = (
        f"A child that goes on to run a program throws the copy away unused. The parent with {large:,.0f} MiB started `true` by `fork` and `exec` in "
        f"{_time(median(fork_exec))}, and by `posix_spawn`, which makes no copy, in {_time(median(spawn))}"
    )
    if ratio.low > 1:
        said += f": the copy made it take {number(ratio.value)} times as long. "
    elif ratio.high < 1:
        said += ", which is more. "
    else:
        said += "; this run can’t tell the two apart. "
    return said + (
        "A large server that runs a helper program for a request does better with [posix_spawn](concept:fork-exec-wait), or has a small process of its own that starts them; "
        "Python’s `subprocess` takes `vfork` where it can."
    )


def _later(result: Result) -> str:
    alone, beside = (median(result.values(series)) for series in (_ALONE, _BESIDE))
    ratio = ratio_estimate(result.values(_BESIDE), result.values(_ALONE))
    begin = f"The rest of the price comes later. Writing to a page took {number(alone)} ns before a fork, and {_short(beside)} while a forked child shared it"
    if ratio.low <= 1:
        return f"{begin}; this run can’t tell the two apart."
    size = _largest(result)
    pages = size * _MIB / mmap.PAGESIZE
    return (
        f"{begin}: the first write to each page is a page fault, and the kernel copies the page so that the child keeps the old one. "
        f"For all of {size:,.0f} MiB that would be {_time(pages * (beside - alone) / 1000)} and as much memory again. "
        "A database that forks to write a snapshot, as Redis does, pays both: it stands still for the fork, and then its writes are slow for a while."
    )


def _short(nanoseconds: float) -> str:
    return f"{number(nanoseconds)} ns" if nanoseconds < 1000 else f"{number(nanoseconds / 1000)} µs"


def _lines(result: Result) -> LinePlot:
    lines = tuple(_line(result, way) for way in _WAYS if way != VFORK)  # it would hide the thread, which is as flat
    said = result.predicted
    marks: tuple[Mark, ...] = ()
    if said is not None:
        thread = median(result.values(THREAD, _largest(result)))
        marks = (Mark(value=said.value * thread, label=f"you predicted {said.value:,.10g} threads for the last fork"),)
    ends = "; ".join(f"{line.label}: {_time(line.points[0].y)} to {_time(line.points[-1].y)}" for line in lines)
    return LinePlot(
        title="From start to end, by the parent’s memory",
        alt=f"From {_smallest(result):,.0f} to {_largest(result):,.0f} MiB in the parent: {ends}.",
        x=Axis(label="memory of the parent", unit="MiB", log=True),
        y=Axis(label="time from start to end", unit="µs", log=True),
        lines=lines,
        marks=marks,
    )


def _line(result: Result, way: str) -> Line:
    estimates = {size: median_estimate(values) for size, values in result.series(way).items()}
    return Line(label=way, points=tuple(Point.of(size, each) for size, each in estimates.items()))


def _bars(result: Result) -> BarPlot:
    rows = {series: median_estimate(result.values(series)) for series in (_ALONE, _BESIDE)}
    return BarPlot(
        title="Writing to a page of the parent",
        alt="; ".join(f"{series}: {_short(row.value)}" for series, row in rows.items()) + ".",
        axis=Axis(label="time for one page", unit="ns"),
        bars=tuple(Bar.of(series, row) for series, row in rows.items()),
    )
