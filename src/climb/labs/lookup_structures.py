"""Is this number among those? Asked of a hash table, a sorted array, two trees and a plain array, from ten numbers to ten million."""

from __future__ import annotations

import gc
import importlib.util
import random
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import psutil

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

if TYPE_CHECKING:
    import numpy as np

    from climb.labs.lookups import Lookups, Makers

__all__ = ["lab"]

_SCANNED, _HALVED, _HASHED = "unsorted array, scanned", "sorted array, halved", "hash table"
_BINARY, _WIDE = "binary tree", "wide tree"
_WAYS = (_HASHED, _HALVED, _WIDE, _BINARY)

_SIZES = (10, 30, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000, 10_000_000)
_SMALL = _SIZES[0]
_LONGEST_SCAN = 3000
_ROUNDS = 15
_LOOKUPS, _SCANS = 5000, 500  # a scan takes longer
_BYTES_A_KEY = 110  # in all structures, while they are made
_COMPILING_SHARE = 0.2  # of the whole time
_DRAMATIC = 1.5  # a lookup takes so many times as long: more than comparisons alone explain

lab = Lab(
    title="Lookup structures",
    question="From which size on does a hash table find things faster than a sorted array or a tree?",
    about=(
        "Whole numbers of 8 bytes are put into a hash table, a sorted array, a balanced tree with one number in each node and one with many. "
        "Then numbers that are there are looked up, drawn at random, each lookup after the one before has ended. All five ways are compiled, "
        "so their languages make no difference. The array without order, looked through from the front, is asked while it is small."
    ),
    concepts=("hash-tables", "trees", "choosing-a-structure", "complexity"),
    prediction=Prediction(
        ask="With the most keys (a million by default), how many times as long does a lookup in the sorted array take as one in the hash table?",
        unit="×",
    ),
    knobs=(
        Knob("largest", "keys at the most", default=1_000_000, choices=(10_000, 100_000, 1_000_000, 10_000_000)),
        Knob("width", "keys in a node of the wide tree", default=15, choices=(3, 7, 15, 31)),
        Knob("full", "percent of the hash table’s places that are taken", default=50, choices=(25, 50, 75, 90)),
    ),
    seconds=4,
)


@lab.unless
def why_not() -> str | None:
    """Everything here is compiled."""
    return None if importlib.util.find_spec("numba") else "it needs numba, which is not installed"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Size by size; at each, every way once in each round."""
    largest = int(knobs["largest"])
    if psutil.virtual_memory().available < largest * _BYTES_A_KEY:
        raise SetupError(f"this machine has too little free memory for {largest:,} keys; choose fewer")
    bench.progress(0, "compiling")
    from climb.labs.lookups import compiled, keys_of

    makers, sizes = compiled(), [size for size in _SIZES if size <= largest]
    gc.disable()
    for done, size in enumerate(sizes):
        begin, end = (_COMPILING_SHARE + (1 - _COMPILING_SHARE) * step / len(sizes) for step in (done, done + 1))
        bench.progress(begin, f"putting in {size:,} keys")
        keys = keys_of(size)
        made = _made(makers, keys, knobs)
        for _ in bench.rounds(_ROUNDS, f"looking up among {size:,}", begin=begin, end=end):
            for name in random.sample(list(made), len(made)):
                count = _SCANS if name == _SCANNED else _LOOKUPS
                bench.record(name, _nanoseconds(made[name], keys, count), unit="ns", at=size)


def _made(makers: Makers, keys: np.ndarray, knobs: Knobs) -> dict[str, Lookups]:
    made = {
        _HASHED: makers.hashed(keys, int(knobs["full"]) / 100),
        _HALVED: makers.halved(keys),
        _WIDE: makers.tree(keys, int(knobs["width"])),
        _BINARY: makers.tree(keys, 1),
    }
    return made | ({_SCANNED: makers.scanned(keys)} if len(keys) <= _LONGEST_SCAN else {})


def _nanoseconds(look_up: Lookups, keys: np.ndarray, count: int) -> float:
    """Of one lookup; others before it bring what they share into the caches. New ones each time, or the processor learns them by heart."""
    import numpy as np

    warming, asked = np.random.default_rng().choice(keys, (2, count))
    look_up(warming)
    begun = time.perf_counter_ns()
    look_up(asked)
    return (time.perf_counter_ns() - begun) / count


@lab.explain
def explain(result: Result) -> Explanation:
    """The largest size, the small ones, then what trees pay for."""
    largest = _largest(result)
    ratio = ratio_estimate(result.values(_HALVED, largest), result.values(_HASHED, largest))
    return Explanation(
        answer=ratio,
        headline=_headline(result, largest),
        text="\n\n".join((_growth(result, ratio), _small(result), _trees(result), _advice(result))),
        plots=(_by_size(result), _at_largest(result)),
        trust=(
            "Each lookup waited for the one before. Where a program looks up many things that do not depend on each other, the processor works "
            "on several at once, and all ways take less.",
            "The structures took turns, so they shared the outer caches. In a service the caches are shared with all else that it does.",
            "Keys were whole numbers that are there, asked for equally often. Texts cost more to hash and to compare, and keys that are asked for again "
            "and again stay in the caches.",
        ),
    )


def _largest(result: Result) -> float:
    return max(result.series(_HASHED))


def _time(result: Result, way: str, size: float) -> float:
    return median(result.values(way, size))


def _compared(result: Result, way: str, other: str, size: float) -> Estimate:
    return ratio_estimate(result.values(way, size), result.values(other, size))


def _headline(result: Result, largest: float) -> str:
    hashed, halved, binary = (number(_time(result, way, largest)) for way in (_HASHED, _HALVED, _BINARY))
    return f"Among {largest:,.0f} keys, a lookup took {hashed} ns in the hash table, {halved} ns in the sorted array and {binary} ns in the binary tree."


def _growth(result: Result, ratio: Estimate) -> str:
    largest = _largest(result)
    if ratio.low > 1:
        told = f"The sorted array took {number(ratio.value)} times as long as the hash table."
    elif ratio.high < 1:
        told = f"The sorted array was quicker than the hash table: it took {number(ratio.value)} times as long."
    else:
        told = "This run can’t tell the sorted array from the hash table at this size."
    hashed, halved = (_time(result, way, largest) / _time(result, way, _SMALL) for way in (_HASHED, _HALVED))
    return (
        f"{told} From {_SMALL} keys to {largest:,.0f}, the time became {number(hashed)} times as long in the [hash table](concept:hash-tables) and "
        f"{number(halved)} times in the sorted array. The number of steps stays the same in the first, about {_steps(_SMALL)} become about "
        f"{_steps(largest)} in the second. What [complexity](concept:complexity) does not count is where a step leads: in a cache near the processor it takes "
        "a nanosecond or two, in memory it can take a hundred, and more keys lie farther away."
    )


def _steps(size: float) -> int:
    return int(size).bit_length()


def _small(result: Result) -> str:
    scanned = result.series(_SCANNED)
    told = f"Looking through an unsorted array of {_SMALL} took {number(_time(result, _SCANNED, _SMALL))} ns"
    quick = {way: _quicker_until(result, _SCANNED, way) for way in (_HALVED, _HASHED)}
    if quick[_HALVED] is None:
        begin = f"{told}, which was not quicker than halving a sorted one."
    else:
        begin = f"{told}; it was quicker than halving a sorted one up to {quick[_HALVED]:,.0f} keys."
    if quick[_HASHED] is not None:
        begin += f" It was quicker than the hash table, too, up to {quick[_HASHED]:,.0f}."
    else:
        begin += f" The hash table took {number(_time(result, _HASHED, _SMALL))} ns there."
    most = max(scanned)
    return (
        f"{begin} With {most:,.0f} keys it took {number(_time(result, _SCANNED, most))} ns. A loop over a dozen things is nothing to be ashamed of; one over "
        "all users is."
    )


def _quicker_until(result: Result, way: str, other: str) -> float | None:
    """The last size up to which ``way`` was told to be quicker at each; None if it was not even at the first."""
    until = None
    for size in result.series(way):
        if _compared(result, way, other, size).high >= 1:
            break
        until = size
    return until


def _trees(result: Result) -> str:
    largest, width = _largest(result), int(result.knobs["width"])
    binary, wide = _compared(result, _BINARY, _HALVED, largest), _compared(result, _WIDE, _HALVED, largest)
    if binary.low > _DRAMATIC:
        told = (
            f"The binary [tree](concept:trees) compares about as often as the sorted array, and took {number(binary.value)} times as long with {largest:,.0f} keys. "
            "Its nodes lie where there was room, each in another cache line, and none can be fetched before the one above tells where it is."
        )
    elif binary.low > 1:
        told = f"The binary [tree](concept:trees) took {number(binary.value)} times as long as the sorted array, for about as many comparisons."
    elif binary.high < 1:
        told = f"The binary [tree](concept:trees) took {number(binary.value)} times as long as the sorted array, so it was quicker here."
    else:
        told = "The binary [tree](concept:trees) can’t be told from the sorted array here."
    narrower = _compared(result, _WIDE, _BINARY, largest)
    if narrower.high < 1:
        told += (
            f" {width} keys in a node make it less deep: {number(1 / narrower.value)} times as quick as the binary one"
        )
    else:
        told += f" {width} keys in a node did not make it quicker"
    return f"{told}, and {number(wide.value)} times the time of the sorted array.{_jump(result)}"


def _jump(result: Result) -> str:
    """Where the binary tree became slower most, from one size to the next."""
    times = {size: median(values) for size, values in result.series(_BINARY).items()}
    last, size = max(pairwise(times), key=lambda pair: times[pair[1]] / times[pair[0]])
    kept = int(last * _bytes_a_key(1) / 1024)
    if times[size] < 2 * times[last] or kept < 1:
        return ""
    return f" Its steepest rise was from {last:,.0f} keys ({kept:,} KiB) to {size:,.0f}: look for the sizes of your caches between these two."


def _advice(result: Result) -> str:
    width, full = int(result.knobs["width"]), int(result.knobs["full"])
    return (
        f"A key needed 8 bytes in the sorted array, {number(8 * 100 / full)} in the hash table ({full} % full), {number(_bytes_a_key(width))} in the wide tree and "
        f"{number(_bytes_a_key(1))} in the binary one. For a backend: take the hash table if you only ask whether something is there. Take an "
        "order if you ask for ranges, for the next one, or for the smallest: a sorted array if it is made once and read often, a tree with wide nodes if it "
        "changes. See [choosing a structure](concept:choosing-a-structure)."
    )


def _bytes_a_key(width: int) -> float:
    """In a tree with full nodes: the keys, a child more than those, and an unused place, so that nodes and cache lines fit."""
    return 8 * (2 * width + 2) / width


def _by_size(result: Result) -> LinePlot:
    lines = tuple(
        Line(
            label=way,
            points=tuple(Point.of(size, median_estimate(values)) for size, values in result.series(way).items()),
        )
        for way in (*_WAYS, _SCANNED)
    )
    return LinePlot(
        title="A lookup, by the number of keys",
        alt="; ".join(
            f"{line.label}: {number(line.points[0].y)} ns with {line.points[0].x:,.0f} keys, "
            f"{number(line.points[-1].y)} ns with {line.points[-1].x:,.0f}"
            for line in lines
        )
        + ".",
        x=Axis(label="keys", log=True),
        y=Axis(label="time of a lookup", unit="ns", log=True),
        lines=lines,
    )


def _at_largest(result: Result) -> BarPlot:
    largest = _largest(result)
    bars = tuple(Bar.of(way, median_estimate(result.values(way, largest))) for way in _WAYS)
    said = result.predicted
    marks: tuple[Mark, ...] = ()
    if said is not None:
        label = f"you predicted {number(said.value)} × for the sorted array"
        marks = (Mark(value=said.value * _time(result, _HASHED, largest), label=label),)
    return BarPlot(
        title=f"A lookup among {largest:,.0f} keys",
        alt="; ".join(f"{bar.label}: {number(bar.value)} ns" for bar in bars) + ".",
        marks=marks,
        axis=Axis(label="time", unit="ns"),
        bars=bars,
    )
