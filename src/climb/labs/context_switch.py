"""What it costs to hand the processor to somebody else: the switch itself, and the caches that the other one has used meanwhile."""

from __future__ import annotations

import gc
import os
import random
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate
from climb.labs.taking_turns import (
    Partner,
    channel,
    partner_process,
    partner_thread,
    switches,
    timed,
    walked,
    walks,
)
from climb.labs.words import number

__all__ = ["lab"]

_ALONE = "to itself, no switch"
_PROCESSES = "to another process, same processor"
_THREADS = "to another thread, same processor"
_APART = "to another process, another processor"
_KEPT = "walk through memory, nobody between"
_TAKEN = "walk through memory, after the other’s turn"
_COUNTED = "switches in a turn: {}"
_CACHES = "caches of a processor, the nearest first (KiB)"

_ROUNDS = 40
_TURNS = 200
_WALK_ROUNDS = 20  # they take longer
_WALKED_KIB = 8 * 1024  # about so much, all turns of a condition together
_SIZES = (4, 16, 64, 256, 1024, 4096, 16_384)
_TURNS_SHARE = 0.3  # of the whole time
_PER_SECOND = 10_000  # switches, of a busy server's processor

lab = Lab(
    title="What a context switch costs",
    question="What does it cost to hand the processor to another process, at once and afterwards?",
    about=(
        "Two processes on one processor hand eight bytes to each other and back: each writes, then sleeps in `read` until its turn. "
        "The same two calls without a partner never sleep, so the difference is the switch; then two threads do it, and two processors if there are two. "
        "Last, each of the two walks through memory of its own in its turn, where each line of 64 bytes says which one is next, and the time of that "
        "walk alone is compared with the same walk when nobody runs between."
    ),
    concepts=("context-switches", "threads-and-processes", "scheduling"),
    prediction=Prediction(
        ask="How many microseconds does a switch from one process to another take, system calls not counted?", unit="µs"
    ),
    knobs=(
        Knob("memory", "KiB that each of the two reads in its turn, at the most", default=4096, choices=_SIZES[2:]),
        Knob("channel", "what the bytes go through", default="pipe", choices=("pipe", "eventfd", "socket")),
    ),
    seconds=5,
)


@lab.unless
def why_not() -> str | None:
    """Keeping to one processor and eventfd are Linux's."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every condition once in each round."""
    allowed = os.sched_getaffinity(0)
    here, there = max(allowed), min(allowed)
    kind, sizes = str(knobs["channel"]), tuple(size for size in _SIZES if size <= int(knobs["memory"]))
    bench.fact(_CACHES, _caches_of(here))
    make = walks(sizes)
    with ExitStack() as stack:
        alone = stack.enter_context(channel(kind))
        process = stack.enter_context(partner_process(bench, kind, make))
        thread = stack.enter_context(partner_thread(kind))
        os.sched_setaffinity(0, {here})
        turns: dict[str, Callable[[], float]] = {
            _ALONE: lambda: timed(alone, _TURNS),
            _PROCESSES: lambda: _timed_with(process, here),
            _THREADS: lambda: _timed_with(thread, here),
        }
        if there != here:
            turns[_APART] = lambda: _timed_with(process, there)
        _measure_turns(bench, turns)
        known = make()
        for _ in bench.rounds(_WALK_ROUNDS, "walking through memory", begin=_TURNS_SHARE):
            for size in random.sample(sizes, len(sizes)):
                count = max(3, min(_TURNS, _WALKED_KIB // size))
                bench.record(_KEPT, walked(alone, known[size], count), unit="µs", at=size)
                process.ask(count, here, size)
                bench.record(_TAKEN, walked(process.ends, known[size], count), unit="µs", at=size)


def _timed_with(partner: Partner, processor: int) -> float:
    """Half of there and back: what one of the two hand-overs takes."""
    partner.ask(_TURNS, processor)
    return timed(partner.ends, _TURNS) / 2


def _measure_turns(bench: Bench, turns: Mapping[str, Callable[[], float]]) -> None:
    for turn in turns.values():
        turn()  # once unmeasured
    counted: dict[str, list[float]] = {series: [] for series in turns}
    gc.disable()
    for _ in bench.rounds(_ROUNDS, "taking turns", end=_TURNS_SHARE):
        for series, turn in random.sample(list(turns.items()), len(turns)):
            before = switches()
            bench.record(series, turn(), unit="µs")
            counted[series].append((switches() - before) / _TURNS)
    for series, counts in counted.items():
        bench.fact(_COUNTED.format(series), median(counts))


def _caches_of(processor: int) -> str:
    """Their sizes as the kernel tells them, "32, 1024, 32768"; "unknown" if it doesn't."""
    folders = sorted(Path(f"/sys/devices/system/cpu/cpu{processor}/cache").glob("index*"))
    try:
        told = [
            [(folder / name).read_text(encoding="ascii").strip() for name in ("type", "size")] for folder in folders
        ]
    except OSError:
        return "unknown"
    return ", ".join(size.removesuffix("K") for kind, size in told if kind != "Instruction") or "unknown"


@lab.explain
def explain(result: Result) -> Explanation:
    """The switch, then who else can be switched to, then what the caches lose."""
    switch = _switch(result, _PROCESSES)
    return Explanation(
        answer=switch,
        headline=(
            f"A switch from one process to another took {number(switch.value)} µs, beside "
            f"{number(median(result.values(_ALONE)))} µs for the two system calls that bring it about."
        ),
        text="\n\n".join(
            (_what(result, switch), _others(result, switch), _afterwards(result, switch), _advice(switch))
        ),
        plots=(_bars(result), _lines(result)),
        trust=(
            "A switch here is a wake-up and a sleep as well: one side is made runnable, the other put aside, and the scheduler chooses among few. "
            "That is how most switches of a server come about; one at the end of a time slice has no wake-up in it.",
            "The calls are made from Python, whose share is in both numbers and falls out of their difference; its threads also hand over "
            "the interpreter’s lock in each call.",
            "In a virtual machine, waking an idle processor may need the hypervisor, and neighbours share the outer caches.",
        ),
    )


def _switch(result: Result, series: str) -> Estimate:
    """What a turn takes more than the same calls without a partner, round by round."""
    return _more(result.values(series), result.values(_ALONE))


def _more(values: tuple[float, ...], base: tuple[float, ...]) -> Estimate:
    return median_estimate([value - other for value, other in zip(values, base, strict=True)])


def _has(result: Result, series: str) -> bool:
    return any(sample.series == series for sample in result.samples)


def _what(result: Result, switch: Estimate) -> str:
    begin = (
        f"Handing eight bytes to the other process took {number(median(result.values(_PROCESSES)))} µs, handing them to oneself "
        f"{number(median(result.values(_ALONE)))} µs. Both make one `write` and one `read`"
    )
    if switch.low <= 0:
        return f"{begin}; in this run the difference can’t be told from zero, so something disturbed it."
    with_other, alone = (result.number(_COUNTED.format(series)) for series in (_PROCESSES, _ALONE))
    return (
        f"{begin}, so {number(switch.value)} µs are the [switch](concept:context-switches): the kernel makes the sleeper runnable, puts the other "
        "aside, saves and loads registers and changes to the other’s page tables. By the kernel’s own count the measured process left the processor "
        f"{with_other:.2f} times for each of its turns with the other, and {alone:.2f} times without."
    )


def _others(result: Result, switch: Estimate) -> str:
    thread = _switch(result, _THREADS)
    said = f"Between two [threads](concept:threads-and-processes) of one process it took {number(thread.value)} µs"
    if thread.high < switch.low:
        said += ", which is less: they share one address space, so the page tables stay."
    elif thread.low > switch.high:
        said += (
            ", which is more, although the page tables stay: Python’s threads hand over the interpreter’s lock as well."
        )
    else:
        said += ", which this run can’t tell from that between processes. If it saves anything that the page tables stay, it is less than can be seen here."
    if not _has(result, _APART):
        return said + " With one processor, that is all there is to compare."
    apart = _switch(result, _APART)
    told = f"{said} With a processor for each of the two processes it took {number(apart.value)} µs"
    if apart.low > switch.high:
        return (
            f"{told}: nothing has to be put aside, but one processor must call the other, which sleeps if it has nothing else to do. "
            "Here that takes longer than the switch that it saves."
        )
    if apart.high < switch.low:
        return f"{told}, which is less: nothing has to be put aside."
    return f"{told}, which this run can’t tell from a switch."


def _afterwards(result: Result, switch: Estimate) -> str:
    kept = result.series(_KEPT)
    extra = {size: _more(values, kept[size]) for size, values in result.series(_TAKEN).items()}
    told = {size: each for size, each in extra.items() if each.low > 0}
    if not told:
        return "Whether memory was slower to read after the other’s turn this run can’t tell, at any size."
    worst = max(told, key=lambda size: told[size].value)
    taken = median(result.values(_TAKEN, worst))
    caches = str(result.facts.get(_CACHES, "unknown"))
    known = "" if caches == "unknown" else f" (of {caches} KiB, as the kernel names them)"
    return (
        f"The rest is paid later. A walk through {worst:,.0f} KiB took {number(median(kept[worst]))} µs if nobody had run between, and "
        f"{number(taken)} µs after the other’s walk through as much of its own: {number(told[worst].value)} µs more, "
        f"{_compared(told[worst], switch)}. What the other reads takes places in the caches{known} and among the translations of addresses; "
        f"one’s own has to be fetched again, line by line. {_by_size(extra, worst)}"
    )


def _compared(more: Estimate, switch: Estimate) -> str:
    if switch.low <= 0:
        return "whatever the switch itself was"
    if more.low > switch.high:
        return f"{number(more.value / switch.value)} times the switch itself"
    if more.high < switch.low:
        return "less than the switch itself"
    return "about as much as the switch itself"


def _by_size(extra: Mapping[float, Estimate], worst: float) -> str:
    rows = [f"{number(each.value)} µs with {size:,.0f} KiB" for size, each in extra.items() if each.low > 0]
    said = f"By size, it took longer by {', '.join(rows)}"
    if len(rows) < len(extra):
        said += "; with the other sizes this run can’t tell"
    largest = max(extra)
    if largest > worst and extra[largest].value < extra[worst].value / 2:
        said += (
            ". What is too large for a cache is fetched anew in each walk anyway, so there the other has less to take"
        )
    return said + "."


def _advice(switch: Estimate) -> str:
    share = (
        f"{_PER_SECOND:,} switches a second (`vmstat` counts them under `cs`) are {number(100 * switch.value * _PER_SECOND / 1e6)} % of one processor at this price, before the caches. "
        if switch.low > 0
        else ""
    )
    return (
        f"For a backend: {share}A thread that sleeps until there is work is affordable; to hand a microsecond of work to another thread is not. "
        "Work that is handed over in batches, and stays on the processor whose caches hold its data, pays less; the [scheduler](concept:scheduling) tries for the second by itself."
    )


def _bars(result: Result) -> BarPlot:
    labels = {name: "switch " + name for name in (_PROCESSES, _THREADS, _APART) if _has(result, name)}
    rows = {"the two system calls alone": median_estimate(result.values(_ALONE))}
    rows |= {label: _switch(result, name) for name, label in labels.items()}
    said = result.predicted
    return BarPlot(
        title="One switch, less the system calls around it",
        alt="; ".join(f"{label}: {number(row.value)} µs" for label, row in rows.items()) + ".",
        axis=Axis(label="time", unit="µs"),
        bars=tuple(Bar.of(label, row) for label, row in rows.items()),
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {number(said.value)} µs"),),
    )


def _lines(result: Result) -> LinePlot:
    lines = tuple(_line(result, *each) for each in ((_KEPT, "nobody between"), (_TAKEN, "after the other’s turn")))
    pairs = zip(lines[0].points, lines[1].points, strict=True)
    rows = (
        f"{kept.x:,.0f} KiB: {number(kept.y)} µs, after the other’s turn {number(taken.y)} µs" for kept, taken in pairs
    )
    return LinePlot(
        title="A walk through one’s memory, by its size",
        alt="; ".join(rows) + ".",
        x=Axis(label="memory of each of the two", unit="KiB", log=True),
        y=Axis(label="time of a walk", unit="µs", log=True),
        lines=lines,
    )


def _line(result: Result, series: str, label: str) -> Line:
    estimates = {size: median_estimate(values) for size, values in result.series(series).items()}
    return Line(label=label, points=tuple(Point.of(size, each) for size, each in estimates.items()))
