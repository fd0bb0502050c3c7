"""What it takes to hand a message to another process, from 64 bytes to 4 MiB: through the kernel, or through memory that both have."""

from __future__ import annotations

import gc
import os
import random
import sys
import time

from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.passing_messages import PIPE, SHARED, SOCKET, SPINNING, WAYS, partner
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_KIB, _MIB = 1024, 1024 * 1024
_SMALL, _ASKED = 64, _MIB
_SIZES = (_SMALL, _KIB, 4 * _KIB, 16 * _KIB, 64 * _KIB, 256 * _KIB, _ASKED, 4 * _MIB)
_ROUNDS = 25
_ROUNDS_LEAST = 7
_ENOUGH_SECONDS = 6.0  # where each wake-up has to wait for a processor
_TURNS = 40
_BYTES = 2 * _MIB  # about so many in a condition; large messages take fewer turns
_APART = "processors in use"
_ONE, _TWO = "one", "two"

lab = Lab(
    title="Pipe or shared memory",
    question="From which size on is shared memory worth its trouble?",
    about=(
        "Two processes hand a message to each other and back: through a pipe, through a Unix socket, and through memory that both have mapped. There, "
        "the sender copies the message in and the receiver reads it where it is; that it is ready is told by an eventfd, or by a number that the receiver "
        "looks at all the time. Half of the time there and back is that of a message."
    ),
    concepts=("pipes", "shared-memory", "message-queues"),
    prediction=Prediction(
        ask="A message of 1 MiB: how many times as long does it take through a pipe as through shared memory with an eventfd?",
        unit="×",
    ),
    knobs=(
        Knob(
            "buffer", "KiB that pipe and socket hold before their writer waits", default=64, choices=(16, 64, 256, 1024)
        ),
        Knob("processors", "processors that the two processes run on", default=_TWO, choices=(_ONE, _TWO)),
    ),
    seconds=5,
)


@lab.unless
def why_not() -> str | None:
    """eventfd, and keeping to a processor, are Linux's."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every way and size once in each round."""
    allowed = os.sched_getaffinity(0)
    here = max(allowed)
    there = min(allowed) if knobs["processors"] == _TWO else here
    bench.fact(_APART, len({here, there}))
    conditions = [(way, size) for way in WAYS for size in _SIZES]
    os.sched_setaffinity(0, {here})
    gc.disable()
    with partner(bench, there, int(knobs["buffer"]) * _KIB, _SIZES[-1]) as other:
        for way, size in conditions:
            other.microseconds(way, size, 1)  # once unmeasured
        begin = time.monotonic()
        for done in bench.rounds(_ROUNDS, "handing over messages"):
            if done >= _ROUNDS_LEAST and time.monotonic() - begin > _ENOUGH_SECONDS:
                break
            for way, size in random.sample(conditions, len(conditions)):
                turns = max(2, min(_TURNS, _BYTES // size))
                bench.record(way, other.microseconds(way, size, turns), unit="µs", at=size)


@lab.explain
def explain(result: Result) -> Explanation:
    """Small messages, large ones, what looking all the time costs, and what to take."""
    ratio = _compared(result, PIPE, SHARED, _ASKED)
    return Explanation(
        answer=ratio,
        headline=_headline(result, ratio),
        text="\n\n".join((_small(result), _large(result, ratio), _spinning(result), _advice())),
        plots=(_by_size(result), _at_asked(result)),
        trust=_trust(result),
    )


def _compared(result: Result, way: str, other: str, size: float) -> Estimate:
    return ratio_estimate(result.values(way, size), result.values(other, size))


def _time(result: Result, way: str, size: float) -> float:
    return median(result.values(way, size))


def _headline(result: Result, ratio: Estimate) -> str:
    pipe, shared = (number(_time(result, way, _ASKED)) for way in (PIPE, SHARED))
    told = f"A message of 1 MiB took {pipe} µs through a pipe and {shared} µs through shared memory with an eventfd"
    if ratio.low <= 1 <= ratio.high:
        return f"{told}, which this run can’t tell apart."
    return f"{told}, {number(ratio.value)} times as long." if ratio.low > 1 else f"{told}: the pipe was quicker."


def _small(result: Result) -> str:
    times = {way: number(_time(result, way, _SMALL)) for way in WAYS}
    told = (
        f"{_SMALL} bytes took {times[PIPE]} µs through the [pipe](concept:pipes), {times[SOCKET]} µs through the socket and {times[SHARED]} µs through "
        "[shared memory](concept:shared-memory) with an eventfd."
    )
    ratio = _compared(result, PIPE, SHARED, _SMALL)
    if ratio.low <= 1 <= ratio.high:
        verdict = (
            "This run can’t tell pipe and shared memory apart: each makes one system call to tell and one to wait,"
        )
    elif ratio.low > 1:
        verdict = f"The pipe took {number(ratio.value)} times as long, although each makes one system call to tell and one to wait,"
    else:
        verdict = f"Shared memory was not quicker: the pipe took {number(ratio.value)} times its time. Each makes one system call to tell and one to wait,"
    return f"{told} {verdict} and the copy of so few bytes is a small part of that."


def _large(result: Result, ratio: Estimate) -> str:
    speeds = ", ".join(f"{_gibibytes(result, way, _SIZES[-1])} GiB/s {name}" for way, name in _BRIEFLY.items())
    told = f"4 MiB went at {speeds}."
    since = _quicker_from(result)
    if since == _SIZES[0]:
        told += " Shared memory with an eventfd was quicker than the pipe at every size."
    elif since is not None:
        told += f" Shared memory with an eventfd was quicker than the pipe from {_named(since)} on."
    else:
        told += " This run can’t name a size from which on shared memory with an eventfd is quicker than the pipe."
    if ratio.low > 1:
        told += (
            " A pipe copies twice, into the kernel and out of it, and in portions: when its buffer is full, the writer sleeps until the reader has made room. "
            "The shared memory was filled by one copy and read in place."
        )
    return told


_BRIEFLY = {PIPE: "through the pipe", SOCKET: "through the socket", SHARED: "through shared memory"}


def _gibibytes(result: Result, way: str, size: int) -> str:
    return number(size / _time(result, way, size) * 1e6 / _MIB / _KIB)


def _quicker_from(result: Result) -> float | None:
    """The size from which on shared memory was told to be quicker than the pipe, at each size measured."""
    since = None
    for size in sorted(_SIZES, reverse=True):
        if _compared(result, PIPE, SHARED, size).low <= 1:
            break
        since = size
    return since


def _named(size: float) -> str:
    if size >= _MIB:
        return f"{size / _MIB:.0f} MiB"
    return f"{size / _KIB:.0f} KiB" if size >= _KIB else f"{size:.0f} bytes"


def _spinning(result: Result) -> str:
    small, ratio = number(_time(result, SPINNING, _SMALL)), _compared(result, SHARED, SPINNING, _SMALL)
    told = f"A receiver that looks all the time instead of sleeping had {_SMALL} bytes after {small} µs."
    if ratio.low > 1:
        told += f" That is {number(ratio.value)} times as quick as being woken: no system call, no [switch](concept:context-switches)."
    elif ratio.high < 1:
        told += " Being woken was quicker."
    else:
        told += " This run can’t tell that from being woken."
    if result.number(_APART) < 2:
        return (
            f"{told} Both processes had one processor, so while the one looked, the other could not write. Here it gives the processor up after some looks; "
            "without that it would keep it until its time slice ends."
        )
    return f"{told} It keeps a processor busy all the while, also when nothing comes."


def _advice() -> str:
    return (
        "For a backend: take the pipe or the socket until large messages or very many are a measured cost. They bring order, "
        "[backpressure](concept:backpressure) and the news that the other side has ended; with shared memory you build all of that yourself, and a crash in the "
        "middle leaves it half written. To pass less is quicker still than to pass it faster. See [message queues](concept:message-queues)."
    )


def _trust(result: Result) -> tuple[str, ...]:
    told = [
        "The calls are made from Python, which adds some tenths of a microsecond to each, and more to each look at the number. In C the small messages take less, "
        "and looking all the time gains more.",
        "The same buffers are used again and again, so they stay in the caches as far as they fit.",
        "The kernel counts a socket’s buffer in its own way, and has an upper limit for it (`net.core.wmem_max`).",
    ]
    if result.knobs["processors"] == _TWO and result.number(_APART) < 2:
        told.append("Two processors were wanted, and this machine lets us use one.")
    return tuple(told)


def _by_size(result: Result) -> LinePlot:
    lines = tuple(
        Line(
            label=way,
            points=tuple(Point.of(size, median_estimate(values)) for size, values in result.series(way).items()),
        )
        for way in WAYS
    )
    return LinePlot(
        title="A message, by its size",
        alt="; ".join(
            f"{line.label}: " + ", ".join(f"{_named(point.x)} {number(point.y)} µs" for point in line.points[::3])
            for line in lines
        )
        + ".",
        x=Axis(label="size", unit="bytes", log=True),
        y=Axis(label="time of a message", unit="µs", log=True),
        lines=lines,
    )


def _at_asked(result: Result) -> BarPlot:
    bars = tuple(Bar.of(way, median_estimate(result.values(way, _ASKED))) for way in WAYS)
    said = result.predicted
    marks: tuple[Mark, ...] = ()
    if said is not None:
        label = f"you predicted {number(said.value)} × for the pipe"
        marks = (Mark(value=said.value * _time(result, SHARED, _ASKED), label=label),)
    return BarPlot(
        title="A message of 1 MiB",
        alt="; ".join(f"{bar.label}: {number(bar.value)} µs" for bar in bars) + ".",
        marks=marks,
        axis=Axis(label="time", unit="µs"),
        bars=bars,
    )
