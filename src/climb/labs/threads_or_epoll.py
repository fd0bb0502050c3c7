"""A thread for each connection against one epoll loop: what idle connections cost in memory, and a busy one among them in time."""

from __future__ import annotations

import gc
import random
import select
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import psutil

from climb.errors import SetupError
from climb.labs.bench import Bench
from climb.labs.headroom import memory_left, threads_left
from climb.labs.idle_servers import (
    BATCH,
    Server,
    ask,
    serve_with_epoll,
    serve_with_threads,
    start,
    use_one_processor,
)
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Point
from climb.labs.result import Result
from climb.labs.statistics import Estimate, median, median_estimate, ratio_estimate
from climb.labs.words import number

__all__ = ["lab"]

_THREADS = "a thread each"
_EPOLL = "one epoll loop"
_LATENCY = "{}: answer to the one active client"
_BESIDE = "{}: the same beside it with 10 idle connections"
_MEMORY = "{}: memory for each connection"
_KERNEL = "{}: kernel memory for each connection, by machine-wide counters (KiB)"
_ADDRESSES = "{}: address space at the end (MiB)"
_GROWTH = "{}: memory for all connections at the end (MiB)"
_HELD = "idle connections held at the most"
_LIMIT = "what limited the connections"

_COUNTS = (10, 100, 1_000, 10_000)
_ROUNDS = 60
_REQUESTS = 40  # in each condition of a round
_SPARE_FILES = 64
_SHARE = 0.5  # of the threads and the memory that are left: this lab takes no more
_BYTES_EACH = 128 * 1024  # generously, for all that a connection takes in both servers
_SERVERS = {_THREADS: serve_with_threads, _EPOLL: serve_with_epoll}

lab = Lab(
    title="A thread for each connection, or one loop for all",
    question="What do thousands of idle connections cost a server that has a thread for each, and one that watches all with epoll?",
    about=(
        "Two servers, each a process of its own, hold the same number of idle connections over loopback: one has a blocking thread for each connection, "
        "the other one thread with an epoll loop. While they hold them, one more client of each sends small requests and waits for the answers. Measured: that "
        "client's time, by turns with that of servers that hold ten, all on one processor; and the growth of each server's anonymous memory and page tables "
        "(`/proc/self/smaps_rollup`, `/proc/self/status`). The lab looks at the machine's limits first, and takes at most half of the threads and the "
        "memory that are left."
    ),
    concepts=("epoll", "non-blocking-io", "threading-models", "file-descriptors"),
    prediction=Prediction(
        ask="How many KiB of memory does each idle connection cost the server that has a thread for each?", unit="KiB"
    ),
    knobs=(
        Knob("connections", "idle connections at the most", default=10_000, choices=(100, 1_000, 10_000)),
        Knob("stack", "address space reserved for each thread's stack, in KiB", default=256, choices=(256, 1024, 8192)),
    ),
    seconds=6,
)


@lab.unless
def why_not() -> str | None:
    """The kernel must have epoll, and tell a process its memory exactly."""
    if not hasattr(select, "epoll"):
        return "it has no epoll, which only Linux has"
    return None if Path("/proc/self/smaps_rollup").exists() else "its kernel does not tell /proc/self/smaps_rollup"


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Grow both servers step by step; at each step measure both by turns."""
    asked, floor = int(knobs["connections"]), psutil.virtual_memory().available * (1 - _SHARE)
    most, limit = _room(bench, asked)
    if most < _COUNTS[0]:
        raise SetupError(f"this machine lets the lab hold no more than {most} idle connections: {limit}")
    counts = [*(count for count in _COUNTS if count < most), most]
    with ExitStack() as stack:
        servers = {name: start(stack, bench, serve, int(knobs["stack"])) for name, serve in _SERVERS.items()}
        small = {name: start(stack, bench, serve, int(knobs["stack"])) for name, serve in _SERVERS.items()}
        use_one_processor()
        _grow(bench, small, _COUNTS[0], floor, (0, 0))
        for step, count in enumerate(counts):
            failed = _grow(bench, servers, count, floor, (step / len(counts), (step + 0.9) / len(counts)))
            held = min(server.now.held for server in servers.values())
            if held < _COUNTS[0]:
                raise SetupError(f"no more than {held} idle connections could be held: {failed}")
            _measure_step(bench, servers, small, held)
            if failed:
                limit = failed
                break
        for name, server in servers.items():
            bench.fact(_KERNEL.format(name), server.kernel_kib / server.now.held)
            bench.fact(_ADDRESSES.format(name), server.now.addresses / 1024)
            bench.fact(_GROWTH.format(name), (server.now.memory - server.empty.memory) / 1024)
    bench.fact(_HELD, held)
    if held < asked:
        bench.fact(_LIMIT, limit)


def _grow(bench: Bench, servers: Mapping[str, Server], count: int, floor: float, shares: tuple[float, float]) -> str:
    """Open idle connections until there are ``count``. Returns what stopped it before, if anything did."""
    begin = min(server.now.held for server in servers.values())
    for held in range(begin, count, BATCH):
        share = shares[0] + (shares[1] - shares[0]) * (held - begin) / (count - begin)
        bench.progress(share, f"opening connections: {held:,} of {count:,}")
        for server in servers.values():
            server.grow(min(held + BATCH, count))
        if failed := next((server.now.failed for server in servers.values() if server.now.failed), ""):
            return failed
        if psutil.virtual_memory().available < floor:
            return "free memory"
    return ""


def _measure_step(bench: Bench, servers: Mapping[str, Server], small: Mapping[str, Server], held: int) -> None:
    """Both servers, and both again that still hold few connections: what disturbs the machine now disturbs all four."""
    for name, server in servers.items():
        bench.record(_MEMORY.format(name), server.memory_each, unit="KiB", at=held)
    turns = {_LATENCY.format(name): server.active for name, server in servers.items()}
    if held > _COUNTS[0]:
        turns |= {_BESIDE.format(name): server.active for name, server in small.items()}
    gc.disable()
    for warm in range(_ROUNDS + 1):
        for series in random.sample(sorted(turns), len(turns)):
            began = time.perf_counter_ns()
            for _ in range(_REQUESTS):
                ask(turns[series])
            if warm:
                bench.record(series, (time.perf_counter_ns() - began) / _REQUESTS / 1e3, unit="µs", at=held)
    gc.enable()


def _room(bench: Bench, asked: int) -> tuple[int, str]:
    """How many connections this machine can take without harm, up to those asked for, and what sets the limit."""
    rooms = {
        "open files": bench.raise_file_limit(asked + _SPARE_FILES) - _SPARE_FILES,
        "free memory": int(memory_left() * _SHARE / _BYTES_EACH),
        "threads that may still be started": int(threads_left() * _SHARE),
    }
    limit = min(rooms, key=lambda name: rooms[name])
    return min(rooms[limit], asked), limit


@lab.explain
def explain(result: Result) -> Explanation:
    """What an idle connection costs in memory, and whether it costs time."""
    threads, epoll = (_memory(result, name) for name in (_THREADS, _EPOLL))
    held = result.number(_HELD)
    paragraphs = (_limited(result), _stacks(result), _kernel(result), _times(result), _meaning())
    return Explanation(
        answer=Estimate(threads, threads, threads),
        headline=(
            f"Each of {held:,.0f} idle connections cost {number(threads)} KiB of memory with a thread of its own, and {_small(epoll)} in "
            "one epoll loop."
        ),
        text="\n\n".join(paragraph for paragraph in paragraphs if paragraph),
        plots=(_memory_plot(result), _latency_plot(result)),
        trust=(
            "The memory is one reading at each number of connections, the process' growth divided by their number; it repeats closely from run to run.",
            "Both servers are Python programs: a thread carries Python's own state besides its stack, and the same server in another language has "
            "other numbers. Huge pages are turned off in both.",
            "All connections but one are idle. What happens when many are active at once, this lab does not measure.",
        ),
    )


def _memory(result: Result, name: str) -> float:
    return result.values(_MEMORY.format(name), result.number(_HELD))[0]


def _small(kib: float) -> str:
    return f"{number(kib)} KiB" if kib > 0 else "less than could be seen"


def _latency(result: Result, name: str, at: float) -> tuple[float, ...]:
    return result.values(_LATENCY.format(name), at)


def _limited(result: Result) -> str:
    asked, held = int(result.knobs["connections"]), result.number(_HELD)
    if held >= asked:
        return ""
    return f"The lab was asked for {asked:,} idle connections and held {held:,.0f}; the limit on this machine was: {result.facts.get(_LIMIT)}."


def _stacks(result: Result) -> str:
    stack = float(result.knobs["stack"])
    threads, held = _memory(result, _THREADS), result.number(_HELD)
    addresses, growth = (result.number(fact.format(_THREADS)) for fact in (_ADDRESSES, _GROWTH))
    said = (
        f"Every thread has a stack of {stack:,.0f} KiB, but that is [address space](concept:virtual-memory), and memory is taken only for the pages that "
        f"a thread touches: the threads' server ended with {number(addresses)} MiB of address space, while its connections took {number(growth)} MiB of memory. "
    )
    if threads < stack / 4:
        said += f"So a thread that waits in `recv` cost {number(threads)} KiB, {threads / stack:.1%} of its stack's size: the touched pages, what Python and the C library keep for each thread, and page tables. "
    else:
        said += f"A thread that waits in `recv` cost {number(threads)} KiB: the touched pages, what Python and the C library keep for each thread, and page tables. "
    if held < 1000:
        said += "With so few threads, a page more or less of the whole process still shows in that number."
    return said.strip()


def _kernel(result: Result) -> str:
    """Machine-wide counters drown in what others do unless there are many connections."""
    threads, epoll = (result.number(_KERNEL.format(name)) for name in (_THREADS, _EPOLL))
    if result.number(_HELD) < 1000 or not 0 < epoll < threads:
        return ""
    return (
        f"The kernel keeps memory of its own, in no process' account. By the whole machine's counters (Slab and KernelStack in `/proc/meminfo`) it took about "
        f"{number(epoll)} KiB for a connection of the loop, which is sockets and descriptors of both ends, and about {number(threads)} KiB for a connection with a "
        "thread, whose kernel stack and bookkeeping come on top."
    )


def _times(result: Result) -> str:
    held = result.number(_HELD)
    threads, epoll = _latency(result, _THREADS, held), _latency(result, _EPOLL, held)
    ratio = ratio_estimate(threads, epoll)
    between = f"{number(ratio.low)} to {number(ratio.high)}"
    said = (
        f"Among {held:,.0f} idle connections the active client had its answer after {number(median(threads))} µs from its thread and after "
        f"{number(median(epoll))} µs from the loop: "
    )
    if ratio.low > 1:
        said += f"the thread took {number(ratio.value)} times as long ({between}). "
    elif ratio.high < 1:
        said += (
            f"the thread took {number(ratio.value)} of the loop's time ({between}). The loop makes one system call "
            "more for each request: it waits in `epoll_wait` before it calls `recv`, where the thread waits in `recv` itself. "
        )
    else:
        said += f"no difference that this run can tell (ratio {between}). "
    return said + _growing(result, held) if held > _COUNTS[0] else said.strip()


def _growing(result: Result, held: float) -> str:
    growths = [
        ratio_estimate(_latency(result, name, held), result.values(_BESIDE.format(name), held))
        for name in (_THREADS, _EPOLL)
    ]
    told = " and ".join(f"{number(each.value)} ({number(each.low)} to {number(each.high)})" for each in growths)
    said = (
        f"Against servers of the same two kinds with {_COUNTS[0]} idle connections, asked by turns with these, that is {told} times as long, "
        "thread and loop. "
    )
    if all(each.low >= 0.8 and each.high <= 1.25 for each in growths):
        return said + (
            "Idle connections cost next to no time in either: sleeping threads are not on the scheduler's queue, and "
            "[epoll](concept:epoll) hands out only the connections that are ready."
        )
    return said + (
        "Neither has anything to do for the idle connections in a request, so what differs comes from elsewhere, perhaps from the "
        "processor's caches, which all their memory shares; this run can't tell."
    )


def _meaning() -> str:
    return (
        "So the number of idle connections is a question of memory and of limits (threads of the machine, the user and the control group; "
        "[open files](concept:file-descriptors)) before it is one of speed. Threads let a handler wait wherever it likes; in a loop a handler that "
        "[blocks](concept:non-blocking-io) stops everyone. A server with some hundred connections can choose what reads best; one for tens of thousands, such as "
        "chat or live updates, wants the loop."
    )


def _memory_plot(result: Result) -> BarPlot:
    bars = tuple(Bar(label=name, value=max(_memory(result, name), 0.0)) for name in (_THREADS, _EPOLL))
    said = result.predicted
    return BarPlot(
        title=f"Memory of the server for each of {result.number(_HELD):,.0f} idle connections",
        alt="Memory for each connection: " + ", ".join(f"{bar.label} {number(bar.value)} KiB" for bar in bars) + ".",
        marks=() if said is None else (Mark(value=said.value, label=f"you predicted {said.value:,.10g} KiB"),),
        axis=Axis(label="memory for each connection", unit="KiB"),
        bars=bars,
    )


def _latency_plot(result: Result) -> LinePlot:
    lines = tuple(_line(result, name) for name in (_THREADS, _EPOLL))
    told = "; ".join(
        f"{line.label} " + ", ".join(f"{point.x:,.0f}: {number(point.y)} µs" for point in line.points) for line in lines
    )
    return LinePlot(
        title="Time of an answer to the one active client",
        alt=f"Median time of an answer by the number of idle connections: {told}.",
        x=Axis(label="idle connections", log=True),
        y=Axis(label="time of an answer", unit="µs"),
        lines=lines,
    )


def _line(result: Result, name: str) -> Line:
    estimates = {count: median_estimate(values) for count, values in result.series(_LATENCY.format(name)).items()}
    points = (Point.of(x, each) for x, each in estimates.items())
    return Line(label=name, points=tuple(points))
