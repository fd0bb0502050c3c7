"""What fresh memory costs at the first touch, and what a touch costs by its distance from the last one."""

from __future__ import annotations

import contextlib
import gc
import mmap
import resource
import sys
import time
from pathlib import Path

import psutil

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import median, median_estimate, ratio_estimate
from climb.labs.words import number

_ROUNDS = 25
_MIB = 1024 * 1024
_STRIDES = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
_LINE = 64  # bytes in a cache line of nearly every processor that servers have
_NEAREST = 16 * 1024  # fits into the first cache of any of them
_NEAREST_TIMES = 20  # one pass over so little is too short to time

_FIRST, _SECOND = "first touch", "second touch"
_STRIDED = "one touch at each stride"
_LOOP = "loop alone in the nearest cache"

lab = Lab(
    title="Page faults and strides",
    question="What does memory cost when it is touched for the first time, and does it matter where the next byte lies?",
    about=(
        "Asks the kernel for fresh memory and writes one byte into each of its pages, then again into the same bytes. The "
        "kernel's own count says how many page faults each pass caused. Then it writes to memory that is already there, one "
        "byte every 8, 16, … 4096 bytes, over the whole of it. The loops run in C, inside one assignment to a slice with a step."
    ),
    concepts=("virtual-memory",),
    prediction=Prediction(
        ask="How many times as long does the first touch of a page of fresh memory take as the second?", unit="×"
    ),
    knobs=(
        Knob("size", "memory to touch, in MiB", default=64, choices=(4, 16, 64, 256)),
        Knob("pages", "pages to ask for: of the usual size, or huge ones", default="usual", choices=("usual", "huge")),
    ),
    seconds=3,
)


@lab.unless
def why_not() -> str | None:
    """Only Linux lets a program choose the size of its pages in this way."""
    return None if sys.platform == "linux" else "it needs Linux"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Every condition once in each round; fresh memory is fresh in each."""
    size, huge = int(knobs["size"]) * _MIB, knobs["pages"] == "huge"
    if psutil.virtual_memory().available < 3 * size:
        raise SetupError(f"{size // _MIB} MiB are more than this machine can spare; choose a smaller size")
    bench.fact("bytes in a page", mmap.PAGESIZE)
    bench.fact("huge pages", _huge_pages())
    source = memoryview(bytes(size // _STRIDES[0]))
    with _fresh(size, huge=huge) as kept, _fresh(_NEAREST, huge=False) as near:
        _touch(kept, mmap.PAGESIZE, source)
        gc.disable()
        faults = []
        for _ in bench.rounds(_ROUNDS, "touching memory"):
            faults.append(_touch_twice(bench, size, huge, source))
            bench.record(_LOOP, _loop(near, source), unit="ns")
            for stride in _STRIDES:
                bench.record(_STRIDED, _touch(kept, stride, source), unit="ns", at=stride)
    for name, counts in zip(
        ("page faults, first touch", "page faults, second touch"), zip(*faults, strict=True), strict=True
    ):
        bench.fact(name, median(counts))


def _touch_twice(bench: Bench, size: int, huge: bool, source: memoryview) -> tuple[int, int]:
    with _fresh(size, huge=huge) as memory:
        before = _faults()
        bench.record(_FIRST, _touch(memory, mmap.PAGESIZE, source), unit="ns")
        between = _faults()
        bench.record(_SECOND, _touch(memory, mmap.PAGESIZE, source), unit="ns")
        return between - before, _faults() - between


def _fresh(size: int, *, huge: bool) -> mmap.mmap:
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel built without huge pages refuses both, and gives usual ones
        memory.madvise(mmap.MADV_HUGEPAGE if huge else mmap.MADV_NOHUGEPAGE)
    return memory


def _touch(memory: mmap.mmap, stride: int, source: memoryview) -> float:
    """Nanoseconds a touch: one write every ``stride`` bytes, in a loop that runs in C."""
    count = len(memory) // stride
    values = source[:count]
    begin = time.perf_counter_ns()
    memory[::stride] = values
    return (time.perf_counter_ns() - begin) / count


def _loop(near: mmap.mmap, source: memoryview) -> float:
    return median([_touch(near, _STRIDES[0], source) for _ in range(_NEAREST_TIMES)])


def _faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def _huge_pages() -> str:
    """The kernel's policy: always, madvise or never; "none" if it has no huge pages."""
    try:
        text = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text(encoding="ascii")
    except OSError:
        return "none"
    return text.partition("[")[2].partition("]")[0] or "none"


@lab.explain
def explain(result: Result) -> Explanation:
    """First the faults, then the strides."""
    first, second = result.values(_FIRST), result.values(_SECOND)
    ratio = ratio_estimate(first, second)
    return Explanation(
        answer=ratio,
        headline=(
            f"The first touch of a page took {number(median(first))} ns, the second {number(median(second))} ns: "
            f"{number(ratio.value)} times as long."
        ),
        text="\n\n".join((_first_touch(result), _ADVICE, _strides(result))),
        plots=(_touches(result), _over_strides(result)),
        trust=(
            f"The loop itself costs {number(median(result.values(_LOOP)))} ns a touch, which is in every number.",
            "In a virtual machine the host may have to find memory too, and translating an address takes more steps; both make "
            "touches dearer than on bare metal.",
            "Processors fetch ahead when they see a regular stride. Touches at random places would cost more than these.",
        ),
    )


_ADVICE = (
    "To allocate is therefore cheap, and to use is what costs: a process's memory grows as it is touched, and the first requests "
    "after a start pay for pages that later ones find in place. Allocators keep freed memory for the same reason."
)


def _first_touch(result: Result) -> str:
    size = result.number("bytes in a page")
    pages = int(result.knobs["size"]) * _MIB / size
    faults, again = result.number("page faults, first touch"), result.number("page faults, second touch")
    return (
        f"The {pages:,.0f} pages of {size / 1024:g} KiB caused {faults:,.0f} [page faults](concept:virtual-memory) when they were "
        f"first touched and {again:,.0f} at the second touch. {_faults_mean(result, pages, faults)} In a fault the processor enters "
        "the kernel, which looks up whether the address is valid, takes a free page, clears it so that no other program's data "
        "show, enters it in the page table, and lets the program go on."
    )


def _faults_mean(result: Result, pages: float, faults: float) -> str:
    if faults < pages * 0.98:
        each = pages / max(faults, 1) * result.number("bytes in a page")
        size = f"{number(each / _MIB)} MiB" if each >= _MIB else f"{number(each / 1024)} KiB"
        return (
            f"The kernel gave about {size} with each fault, so most touches found their page in place; the time of the faults is "
            "spread over all of them."
        )
    if result.knobs["pages"] == "huge":
        policy = result.facts.get("huge pages")
        return f"No huge pages came although they were asked for; the kernel's setting for them is “{policy}”."
    return "That is one for each page: the kernel had promised the memory, and provides it page by page as it is used."


def _strides(result: Result) -> str:
    by = {stride: median(values) for stride, values in result.series(_STRIDED).items()}
    near, line, page = by[8], by[_LINE], by[4096]
    ratio = ratio_estimate(result.values(_STRIDED, _LINE), result.values(_STRIDED, 8))
    begin = (
        f"Once the memory is there, a touch took {number(near)} ns when the bytes lay 8 apart, {number(line)} ns at 64 and "
        f"{number(page)} ns at 4096."
    )
    if ratio.low > 1.5:
        return (
            f"{begin} The processor moves memory in lines of 64 bytes on most machines: at a stride of 8, eight touches share "
            "one, at 64 each needs its own. Beyond that, each touch also reaches a new page sooner, whose address must be "
            "translated. Data used together belong together: an array of small records uses each line fully, objects "
            "scattered over the heap use a few bytes of each."
        )
    return (
        f"{begin} From 8 to 64 bytes that is little difference: {result.knobs['size']} MiB seem to fit into a cache of this "
        "processor, or it fetches ahead fast enough. Choose a larger size to see the lines."
    )


def _touches(result: Result) -> BarPlot:
    bars = tuple(Bar.of(name, median_estimate(result.values(name))) for name in (_FIRST, _SECOND))
    marks: tuple[Mark, ...] = ()
    if result.predicted is not None:
        said = result.predicted.value
        marks = (Mark(value=said * bars[1].value, label=f"you predicted {number(said)} ×"),)
    return BarPlot(
        title="One touch of each page of fresh memory, and one more",
        alt=f"{_FIRST}: {number(bars[0].value)} ns a page; {_SECOND}: {number(bars[1].value)} ns.",
        marks=marks,
        axis=Axis(label="time for one touch", unit="ns"),
        bars=bars,
    )


def _over_strides(result: Result) -> LinePlot:
    measured = ((stride, median_estimate(values)) for stride, values in result.series(_STRIDED).items())
    points = tuple(Point.of(stride, e) for stride, e in measured)
    return LinePlot(
        title="A touch of memory that is in place, by the distance to the last one",
        alt=", ".join(f"{point.x:g} bytes apart: {number(point.y)} ns" for point in points) + ".",
        x=Axis(label="distance between touches", unit="bytes", log=True),
        y=Axis(label="time for one touch", unit="ns"),
        lines=(Line(label=_STRIDED, points=points),),
    )
