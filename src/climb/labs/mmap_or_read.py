"""Reading a file that is in the page cache: by system calls that copy it, or through a mapping that does not."""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.machine import file_system
from climb.labs.plot import Axis, Bar, BarPlot, Mark
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

_ROUNDS = 25
_ROUNDS_LEAST = 7
_ENOUGH_SECONDS = 8.0  # many small pieces of a large file get fewer rounds
_MIB = 1024 * 1024
_LINE = 64  # bytes in a cache line: looking at one of each makes the processor fetch them all

_READ, _READINTO, _PREAD, _PREADV = "read", "readinto", "pread", "preadv"
_NEW, _KEPT = "new mmap", "kept mmap"
_ORDER, _RANDOM = " in order", " at random places"

Pass = Callable[[], object]

lab = Lab(
    title="mmap or read",
    question="Is a file read faster through a mapping than with read()?",
    about=(
        "Writes a file into the temporary folder, so that all of it is in the page cache, and reads it piece by piece: once in "
        "order, once at random places, with system calls and through `mmap`; `readinto` and `preadv` fill one buffer again and "
        "again. Every way looks at one byte of each 64 it got, in the same loop in C, so that none gets away with bytes it never "
        "fetched. Mapping and unmapping count where the mapping is new."
    ),
    concepts=("page-cache", "virtual-memory", "system-calls"),
    prediction=Prediction(
        ask="A file is read once, from front to end. How many times as long does that take with read() as with mmap?",
        unit="×",
    ),
    knobs=(
        Knob("size", "size of the file, in MiB", default=64, choices=(4, 16, 64, 256)),
        Knob("piece", "bytes read at a time", default=16_384, choices=(1024, 4096, 16_384, 65_536, 1_048_576)),
    ),
    seconds=4,
)


@lab.unless
def why_not() -> str | None:
    """How mappings are filled differs too much between systems for one explanation."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every way once in each round, over the same places."""
    size, piece = int(knobs["size"]) * _MIB, int(knobs["piece"])
    in_order = range(0, size, piece)
    anywhere = random.Random(0).sample(in_order, len(in_order))
    with _file(size, bench) as descriptor, _map(descriptor) as kept:
        ways = _ways(descriptor, piece, kept, in_order, anywhere)
        for read in ways.values():
            read()
        read_before = resource.getrusage(resource.RUSAGE_SELF).ru_inblock
        gc.disable()
        begin = time.monotonic()
        for done in bench.rounds(_ROUNDS, "reading"):
            if done >= _ROUNDS_LEAST and time.monotonic() - begin > _ENOUGH_SECONDS:
                break
            for name, read in ways.items():
                bench.record(name, _microseconds(read) / len(in_order), unit="µs")
        bench.fact("blocks read from a device", resource.getrusage(resource.RUSAGE_SELF).ru_inblock - read_before)


def _ways(
    descriptor: int, piece: int, kept: mmap.mmap, in_order: Sequence[int], anywhere: Sequence[int]
) -> dict[str, Pass]:
    return {
        _READ + _ORDER: lambda: _read(descriptor, piece, in_order),
        _READINTO + _ORDER: lambda: _readinto(descriptor, piece, in_order),
        _NEW + _ORDER: lambda: _mapped_anew(descriptor, piece, in_order),
        _KEPT + _ORDER: lambda: _mapped(kept, piece, in_order),
        _PREAD + _RANDOM: lambda: _pread(descriptor, piece, anywhere),
        _PREADV + _RANDOM: lambda: _preadv(descriptor, piece, anywhere),
        _NEW + _RANDOM: lambda: _mapped_anew(descriptor, piece, anywhere),
        _KEPT + _RANDOM: lambda: _mapped(kept, piece, anywhere),
    }


def _microseconds(read: Pass) -> float:
    begin = time.perf_counter_ns()
    read()
    return (time.perf_counter_ns() - begin) / 1000


def _read(descriptor: int, piece: int, places: Sequence[int]) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    for _ in places:
        os.read(descriptor, piece)[::_LINE]


def _readinto(descriptor: int, piece: int, places: Sequence[int]) -> None:
    buffer = bytearray(piece)
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        file.seek(0)
        for _ in places:
            file.readinto(buffer)
            buffer[::_LINE]


def _pread(descriptor: int, piece: int, places: Sequence[int]) -> None:
    for place in places:
        os.pread(descriptor, piece, place)[::_LINE]


def _preadv(descriptor: int, piece: int, places: Sequence[int]) -> None:
    buffer = bytearray(piece)
    buffers = [buffer]
    for place in places:
        os.preadv(descriptor, buffers, place)
        buffer[::_LINE]


def _mapped(memory: mmap.mmap, piece: int, places: Sequence[int]) -> None:
    for place in places:
        memory[place : place + piece : _LINE]


def _mapped_anew(descriptor: int, piece: int, places: Sequence[int]) -> None:
    with _map(descriptor) as memory:
        _mapped(memory, piece, places)


def _map(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)


@contextlib.contextmanager
def _file(size: int, bench: Bench) -> Iterator[int]:
    """A file without a name, which goes with this process whatever happens to it."""
    folder = Path(tempfile.gettempdir())
    bench.fact("file system", file_system(folder))
    if shutil.disk_usage(folder).free < 2 * size:
        raise SetupError(f"{folder} has too little room for a file of {size // _MIB} MiB; choose a smaller size")
    with tempfile.TemporaryFile(buffering=0) as file:
        block = os.urandom(_MIB)
        for _ in range(size // _MIB):
            file.write(block)
        os.fsync(file.fileno())  # so that nobody writes it to the disk while we measure
        yield file.fileno()


@lab.explain
def explain(result: Result) -> Explanation:
    """Once in order, then at random, then what was not measured."""
    ratio = ratio_estimate(result.values(_READ + _ORDER), result.values(_NEW + _ORDER))
    return Explanation(
        answer=ratio,
        headline=_headline(result, ratio),
        text="\n\n".join((_in_order(result, ratio), _at_random(result), _cached(result))),
        plots=(_plot(result, _ORDER, marked=True), _plot(result, _RANDOM)),
        trust=_trust(result),
    )


def _headline(result: Result, ratio: Estimate) -> str:
    size, piece = result.knobs["size"], _size(result)
    begin = f"Reading {size} MiB once in order, {piece} at a time, read() took"
    if ratio.low <= 1 <= ratio.high:
        return f"{begin} as long as a new mapping, as far as this run can tell."
    return f"{begin} {number(ratio.value)} times as long as a new mapping."


def _in_order(result: Result, ratio: Estimate) -> str:
    read, new = median(result.values(_READ + _ORDER)), median(result.values(_NEW + _ORDER))
    begin = (
        f"In order, a piece of {_size(result)} took {number(read)} µs with `read` and {number(new)} µs through a file mapped anew. "
        "`read` pays for a [system call](concept:system-calls) a piece and for copying it out of the "
        "[page cache](concept:page-cache); a mapping shows the cache's own pages and copies nothing, but pays for being made, "
        "for [page faults](concept:virtual-memory) that enter those pages into the process's page table, and for being taken "
        "down."
    )
    if ratio.low > 1:
        verdict = "On this machine the faults cost less than calls and copies."
    elif ratio.high < 1:
        verdict = "On this machine the faults cost more than calls and copies: not copying is not free."
    else:
        verdict = "On this machine the two come out alike."
    return f"{begin} {verdict} Large pieces spread the price of the calls, so what is left to compare is copies with faults."


def _at_random(result: Result) -> str:
    pread, kept = result.values(_PREAD + _RANDOM), result.values(_KEPT + _RANDOM)
    ratio = ratio_estimate(pread, kept)
    begin = (
        f"At random places `pread` took {number(median(pread))} µs a piece, a mapping whose pages were all entered before "
        f"{number(median(kept))} µs"
    )
    if ratio.low > 1:
        return (
            f"{begin}: `pread` took {number(ratio.value)} times as long. A mapping that stays saves the call, the copy and the "
            "faults, which is why some databases and search engines map their indexes. Python's own part is in both numbers."
        )
    if ratio.high < 1:
        return f"{begin}: here the mapping was the slower way, {number(1 / ratio.value)} times as slow."
    return f"{begin}, which this run can't tell apart."


def _cached(result: Result) -> str:
    if _blocks(result):
        return f"Part of the file had to come from a device, which is in these numbers. The two ways wait differently. {_WAITS}"
    return f"The whole file was in the page cache. Were it not, both ways would wait for the disk, and differently. {_WAITS}"


_WAITS = (
    "`read` tells the kernel how much is wanted, waits in one known place, and reports a failing disk as an error. A mapping waits "
    "in the middle of whatever instruction touched the page, so an event loop stands still where no call is to be seen; a failing "
    "disk, or a file that was cut short meanwhile, arrives as the signal SIGBUS. Speed alone is therefore no reason to map a file "
    "that others may change or that is larger than memory."
)


def _blocks(result: Result) -> float:
    return result.number("blocks read from a device")


def _trust(result: Result) -> tuple[str, ...]:
    blocks = _blocks(result)
    kind = result.facts.get("file system", "unknown")
    cached = (
        f"The file lay in a file system of type {kind}, and the kernel counted no read from a device while it was measured."
        if blocks == 0
        else f"The kernel counted {blocks:,.0f} blocks read from a device meanwhile, so the page cache did not hold everything: "
        "choose a smaller file."
    )
    return (
        cached,
        "Every way looks at one byte in 64. A program that works on each byte spends its time there, and the ways differ less.",
    )


def _plot(result: Result, how: str, *, marked: bool = False) -> BarPlot:
    ways = [name for name in (_READ, _READINTO, _PREAD, _PREADV, _NEW, _KEPT) if _was_measured(result, name + how)]
    bars = tuple(Bar.of(name, median_estimate(result.values(name + how))) for name in ways)
    marks: tuple[Mark, ...] = ()
    if marked and result.predicted is not None:
        said = result.predicted.value
        marks = (
            Mark(value=said * median(result.values(_NEW + how)), label=f"you predicted {number(said)} × for read"),
        )
    return BarPlot(
        title=f"One piece of {_size(result)}{how}",
        alt="; ".join(f"{bar.label}: {number(bar.value)} µs" for bar in bars) + ".",
        marks=marks,
        axis=Axis(label="time for a piece", unit="µs"),
        bars=bars,
    )


def _was_measured(result: Result, series: str) -> bool:
    return any(sample.series == series for sample in result.samples)


def _size(result: Result) -> str:
    piece = int(result.knobs["piece"])
    return f"{piece // _MIB} MiB" if piece >= _MIB else f"{piece // 1024} KiB"
