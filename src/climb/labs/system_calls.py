"""What crossing into the kernel costs, and what is gained by crossing less often."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

_ROUNDS = 30
_CALLS = 10_000
_MIB = 1024 * 1024
_FILL = 64 * 1024  # what a pipe holds by default: so much is written before it is emptied
_PIECES = (1, 8, 64, 512, 4096, 16_384, 65_536)
_SMALL, _LARGE = 64, 65_536  # the two sizes that the prediction speaks of

_USER = "call that stays in user space"
_KERNEL = "call into the kernel"
_DIRECT = "one system call a piece"
_BUFFERED = "collected in a buffer"

lab = Lab(
    title="What a system call costs",
    question="What does a program pay for each crossing into the kernel, and what does it gain by crossing less often?",
    about=(
        "Calls `getppid`, which asks the kernel for one number, and for comparison a function of the same shape that stays "
        "in user space. Then writes 1 MiB in pieces of 1 byte to 64 KiB, once with a system call for each piece and once "
        "through a buffer that hands pieces on together. Emptying the pipe in between is not counted; with pieces of 1 and 8 "
        "bytes only 64 KiB are written, and the time is taken sixteen times."
    ),
    concepts=("system-calls", "file-descriptors"),
    prediction=Prediction(
        ask="How many times as long does it take to write 1 MiB in pieces of 64 bytes as in pieces of 64 KiB?", unit="×"
    ),
    knobs=(
        Knob("target", "where the bytes go", default="pipe", choices=("pipe", "file", "null")),
        Knob("buffer", "bytes that the buffer collects for one call", default=8192, choices=(512, 8192, 65_536)),
    ),
    seconds=3,
)


@lab.unless
def why_not() -> str | None:
    """The size of a pipe can be asked for on Linux only."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every condition once in each round."""
    bench.fact("mitigation of meltdown", _mitigation())
    with _target(str(knobs["target"])) as (descriptor, empty):
        direct = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115 - it owns nothing
        buffered = open(descriptor, "wb", buffering=int(knobs["buffer"]), closefd=False)  # noqa: SIM115 - nor does it
        _round(Bench(lambda _share, _doing: None), direct, buffered, empty)
        gc.disable()
        for _ in bench.rounds(_ROUNDS, "calling and writing"):
            _round(bench, direct, buffered, empty)


def _round(bench: Bench, direct: BinaryIO, buffered: BinaryIO, empty: Callable[[], object]) -> None:
    bench.record(_USER, _nanoseconds_a_call(sys.getrecursionlimit), unit="ns")
    bench.record(_KERNEL, _nanoseconds_a_call(os.getppid), unit="ns")
    for size in _PIECES:
        bench.record(_DIRECT, _microseconds_a_mib(direct, size, empty), unit="µs", at=size)
        bench.record(_BUFFERED, _microseconds_a_mib(buffered, size, empty), unit="µs", at=size)


def _nanoseconds_a_call(function: Callable[[], object]) -> float:
    begin = time.perf_counter_ns()
    for _ in repeat(None, _CALLS):
        function()
    return (time.perf_counter_ns() - begin) / _CALLS


def _microseconds_a_mib(file: BinaryIO, size: int, empty: Callable[[], object]) -> float:
    """Both kinds of file are called in the same way, so Python's share is nearly the same."""
    piece, write, spent = bytes(size), file.write, 0
    fills = _MIB // _FILL if size >= _SMALL else 1
    for _ in range(fills):
        begin = time.perf_counter_ns()
        for _ in repeat(None, _FILL // size):
            write(piece)
        file.flush()
        spent += time.perf_counter_ns() - begin
        empty()
    return spent / 1000 * (_MIB / _FILL / fills)


@contextlib.contextmanager
def _target(name: str) -> Iterator[tuple[int, Callable[[], object]]]:
    """A descriptor to write to, and what makes room again after 64 KiB."""
    with contextlib.ExitStack() as stack:
        if name == "pipe":
            reader, writer = os.pipe()
            stack.callback(os.close, reader)
            stack.callback(os.close, writer)
            _make_room(writer)
            yield writer, lambda: os.read(reader, _FILL)
        elif name == "file":
            descriptor = stack.enter_context(tempfile.TemporaryFile(buffering=0)).fileno()
            yield descriptor, lambda: os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            descriptor = os.open(os.devnull, os.O_WRONLY)
            stack.callback(os.close, descriptor)
            yield descriptor, lambda: None


def _make_room(pipe: int) -> None:
    if fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) >= _FILL:
        return
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _FILL)
    except OSError as error:
        raise SetupError(
            "this user's pipes hold less than 64 KiB (fs.pipe-user-pages-soft); choose target=file"
        ) from error


def _mitigation() -> str:
    try:
        return Path("/sys/devices/system/cpu/vulnerabilities/meltdown").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return "unknown"


@lab.explain
def explain(result: Result) -> Explanation:
    """The crossing alone, then what it means for writing."""
    ratio = ratio_estimate(result.values(_DIRECT, _SMALL), result.values(_DIRECT, _LARGE))
    small, large = median(result.values(_DIRECT, _SMALL)), median(result.values(_DIRECT, _LARGE))
    return Explanation(
        answer=ratio,
        headline=(
            f"Writing 1 MiB in pieces of 64 bytes took {number(ratio.value)} times as long as in pieces of 64 KiB: "
            f"{number(small)} µs against {number(large)} µs."
        ),
        text="\n\n".join((_crossing(result), _pieces(result, small, large), _buffer(result), _ADVICE)),
        plots=(_over_pieces(result, ratio), _calls(result)),
        trust=(
            "The calls are made from Python, whose own share is in every number; a compiled program pays less a call, so small "
            "pieces cost it fewer times as much.",
            "`getppid` does next to nothing in the kernel; calls that do more cost more. Virtual machines, containers that "
            "filter system calls and tracers such as strace add to each.",
        ),
    )


_ADVICE = (
    "This is why files and sockets are given [buffers](concept:file-descriptors) in user space, why a server writes headers and "
    "body in one call, and why a log line is worth assembling before it is written. The price is that bytes in a buffer are "
    "not yet anywhere else: they are lost if the process is killed, and late if nobody flushes."
)


def _crossing(result: Result) -> str:
    user, kernel = result.values(_USER), result.values(_KERNEL)
    more = median_estimate([inside - outside for inside, outside in zip(kernel, user, strict=True)])
    begin = (
        f"A call into the kernel took {number(median(kernel))} ns, a call of the same shape in user space "
        f"{number(median(user))} ns. Both go through the same loop and the same way of calling, so their difference"
    )
    if more.low <= 0:
        return f"{begin} is the price of the crossing; in this run it can't be told from zero."
    pti = "Mitigation: PTI" in str(result.facts.get("mitigation of meltdown"))
    tables = (
        " On this processor the kernel also changes page tables at each crossing, against Meltdown; that adds to it."
    )
    return (
        f"{begin}, {number(more.value)} ns, is what the [system call](concept:system-calls) itself costs: switching to "
        f"the kernel's privileges, finding the function, and coming back.{tables if pti else ''}"
    )


def _pieces(result: Result, small: float, large: float) -> str:
    calls, saved = _MIB // _SMALL, _MIB // _SMALL - _MIB // _LARGE
    begin = f"Pieces of 64 bytes need {calls:,} calls for 1 MiB, pieces of 64 KiB need {_MIB // _LARGE}."
    if small <= large:
        return f"{begin} This run shows no gain from that, which is not what one expects: something disturbed it."
    each = (small - large) * 1000 / saved
    return f"{begin} Each of the calls saved took {number(each)} ns, Python's part included. {_what_remains(result)}"


def _what_remains(result: Result) -> str:
    match result.knobs.get("target"):
        case "null":
            return (
                "`/dev/null` does not look at the bytes, so nothing but calls is left to pay for, and the ratio is about as large "
                "as it can get; where bytes are copied, large pieces pay for that too."
            )
        case "file":
            return (
                "What large pieces still pay for is copying the bytes into the [page cache](concept:page-cache); nothing here "
                "waits for a disk."
            )
    return "What large pieces still pay for is copying the bytes into the pipe, which no number of calls can save."


def _buffer(result: Result) -> str:
    gain = ratio_estimate(result.values(_DIRECT, _SMALL), result.values(_BUFFERED, _SMALL))
    size = f"{int(result.knobs['buffer']):,}"
    begin = f"The buffer collects {size} bytes before it calls."
    if gain.low > 1:
        return (
            f"{begin} With it the program still wrote 64 bytes at a time, but {number(gain.value)} times as fast: what is left "
            f"are calls within the program, and one system call for every {size} bytes."
        )
    if gain.high < 1:
        return f"{begin} Here that made pieces of 64 bytes slower, {number(1 / gain.value)} times: it copies them once more."
    return f"{begin} For pieces of 64 bytes this run can't tell whether it helped."


def _over_pieces(result: Result, ratio: Estimate) -> LinePlot:
    lines = tuple(_line(result, name) for name in (_DIRECT, _BUFFERED))
    direct = lines[0].points
    marks: tuple[Mark, ...] = ()
    if result.predicted is not None:
        said = result.predicted.value
        large = median(result.values(_DIRECT, _LARGE))
        marks = (Mark(value=said * large, label=f"you predicted {number(said)} × for 64-byte pieces"),)
    return LinePlot(
        title="Time to write 1 MiB, by the size of the pieces",
        alt=(
            f"One system call a piece: {number(direct[0].y)} µs with pieces of {direct[0].x:g} byte, "
            f"{number(direct[-1].y)} µs with 64 KiB; 64 bytes take {number(ratio.value)} times as long as 64 KiB. Collected in a "
            f"buffer: from {number(lines[1].points[0].y)} µs to {number(lines[1].points[-1].y)} µs."
        ),
        marks=marks,
        x=Axis(label="size of a piece", unit="bytes", log=True),
        y=Axis(label="time for 1 MiB", unit="µs", log=True),
        lines=lines,
    )


def _line(result: Result, name: str) -> Line:
    measured = ((size, median_estimate(values)) for size, values in result.series(name).items())
    return Line(label=name, points=tuple(Point.of(size, e) for size, e in measured))


def _calls(result: Result) -> BarPlot:
    bars = tuple(Bar.of(name, median_estimate(result.values(name))) for name in (_USER, _KERNEL))
    return BarPlot(
        title="One call",
        alt=f"{bars[0].label}: {number(bars[0].value)} ns; {bars[1].label}: {number(bars[1].value)} ns.",
        axis=Axis(label="time for one call", unit="ns"),
        bars=bars,
    )
