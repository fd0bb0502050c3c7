"""A thread for each connection against one epoll loop: what idle connections cost in memory, and a busy one among them in time."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import random
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from climb.errors import SetupError
from climb.labs.bench import Bench, received
from climb.labs.headroom import memory_left, threads_left
from climb.labs.lab import Explanation, Knob, Knobs, Lab, Prediction
from climb.labs.loopback import RESET_ON_CLOSE, fresh_address
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
_BATCH = 100  # connections opened at once, fewer than the queue in front of accept holds
_ROUNDS = 60
_REQUESTS = 40  # in each condition of a round
_REQUEST = b"?" * 64
_DEADLINE_S = 20
_DEADLINE = struct.pack("ll", _DEADLINE_S, 0)  # seconds and microseconds, as SO_RCVTIMEO takes them
_SPARE_FILES = 64
_BALLAST_BYTES = 256 * 1024
_SHARE = 0.5  # of the threads and the memory that are left: this lab takes no more
_BYTES_EACH = 128 * 1024  # generously, for all that a connection takes in both servers
_PR_SET_THP_DISABLE = 41  # linux/prctl.h

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


@dataclass(frozen=True)
class _Reading:
    """What a server says of itself: the connections it holds, its memory and its address space in KiB, what failed if anything."""

    held: int
    memory: float
    addresses: float
    failed: str = ""


@dataclass
class _Server:
    """A server process, the process that holds its idle clients, and the one active client."""

    control: Connection
    idle: Connection
    active: socket.socket
    empty: _Reading
    now: _Reading
    kernel_kib: int = 0  # what the kernel's own memory grew by while this server grew

    def grow(self, count: int) -> None:
        """Have it hold ``count`` idle connections; fewer if it can't, and then ``now.failed`` says why."""
        before = _kernel_kib()
        self.idle.send(count)
        opened = received(self.idle)
        self.control.send(opened)
        self.now = received(self.control)
        self.kernel_kib += _kernel_kib() - before
        if opened < count and not self.now.failed:
            self.now = replace(self.now, failed="open files or ports of the client")

    @property
    def memory_each(self) -> float:
        """KiB for each idle connection, by the growth since there were none."""
        return (self.now.memory - self.empty.memory) / self.now.held


@lab.measure
def measure(knobs: Knobs, bench: Bench) -> None:
    """Grow both servers step by step; at each step measure both by turns."""
    asked, floor = int(knobs["connections"]), psutil.virtual_memory().available * (1 - _SHARE)
    most, limit = _room(bench, asked)
    if most < _COUNTS[0]:
        raise SetupError(f"this machine lets the lab hold no more than {most} idle connections: {limit}")
    counts = [*(count for count in _COUNTS if count < most), most]
    with ExitStack() as stack:
        servers = {name: _start(stack, bench, name, int(knobs["stack"])) for name in (_THREADS, _EPOLL)}
        small = {name: _start(stack, bench, name, int(knobs["stack"])) for name in (_THREADS, _EPOLL)}
        _use_one_processor()
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


def _grow(bench: Bench, servers: Mapping[str, _Server], count: int, floor: float, shares: tuple[float, float]) -> str:
    """Open idle connections until there are ``count``. Returns what stopped it before, if anything did."""
    begin = min(server.now.held for server in servers.values())
    for held in range(begin, count, _BATCH):
        share = shares[0] + (shares[1] - shares[0]) * (held - begin) / (count - begin)
        bench.progress(share, f"opening connections: {held:,} of {count:,}")
        for server in servers.values():
            server.grow(min(held + _BATCH, count))
        if failed := next((server.now.failed for server in servers.values() if server.now.failed), ""):
            return failed
        if psutil.virtual_memory().available < floor:
            return "free memory"
    return ""


def _measure_step(bench: Bench, servers: Mapping[str, _Server], small: Mapping[str, _Server], held: int) -> None:
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
                _ask(turns[series])
            if warm:
                bench.record(series, (time.perf_counter_ns() - began) / _REQUESTS / 1e3, unit="µs", at=held)
    gc.enable()


def _ask(client: socket.socket) -> None:
    client.send(_REQUEST)
    if len(client.recv(len(_REQUEST))) != len(_REQUEST):
        raise ConnectionError("the lab's server did not answer")


def _start(stack: ExitStack, bench: Bench, name: str, stack_kib: int) -> _Server:
    """Start the server and the process of its idle clients. The server ends first: that resets all connections."""
    idle = stack.enter_context(bench.process(_hold_clients))
    control = stack.enter_context(bench.process(_SERVE[name], stack_kib))
    address = received(control)
    idle.send(address)
    active = stack.enter_context(socket.create_connection(address))
    active.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _DEADLINE)
    empty = received(control)
    return _Server(control, idle, active, empty, empty)


def _use_one_processor() -> None:
    """Else it is chance whether client and server share one, and waking another can take longer than all the rest."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _hold_clients(control: Connection) -> None:
    """Open connections as told, and keep them without a word."""
    address = control.recv()
    clients: list[socket.socket] = []
    while True:
        count = control.recv()
        with contextlib.suppress(OSError):
            while len(clients) < count:
                clients.append(socket.create_connection(address, timeout=_DEADLINE_S))
        control.send(len(clients))


def _serve_with_threads(control: Connection, stack_kib: int) -> None:
    threading.stack_size(stack_kib * 1024)
    with _listen(control) as listener:
        _start_thread(listener)
        control.send(_reading(0))
        held = 0
        while True:
            count, failed = control.recv(), ""
            while held < count and not failed:
                failed = _start_thread(listener)
                held += not failed
            control.send(_reading(held, failed))


def _start_thread(listener: socket.socket) -> str:
    """Accept a connection and start its thread. Returns what failed, if anything."""
    try:
        connection, _ = listener.accept()
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()
    except (OSError, RuntimeError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


def _echo(connection: socket.socket) -> None:
    while request := connection.recv(len(_REQUEST)):
        connection.sendall(request)


def _serve_with_epoll(control: Connection, _stack_kib: int) -> None:
    connections: dict[int, socket.socket] = {}
    with _listen(control) as listener, select.epoll() as watched:
        _watch(listener, watched, connections)
        watched.register(control, select.EPOLLIN)
        control.send(_reading(0))
        while True:
            for descriptor, _ in watched.poll():
                if descriptor in connections:
                    connections[descriptor].sendall(connections[descriptor].recv(len(_REQUEST)))
                    continue
                count, failed = control.recv(), ""
                while len(connections) - 1 < count and not failed:
                    failed = _watch(listener, watched, connections)
                control.send(_reading(len(connections) - 1, failed))


def _watch(listener: socket.socket, watched: select.epoll, connections: dict[int, socket.socket]) -> str:
    """Accept a connection and have it watched. Returns what failed, if anything."""
    try:
        connection, _ = listener.accept()
        connection.setblocking(False)
        watched.register(connection, select.EPOLLIN)
    except (OSError, MemoryError) as error:
        return str(error) or type(error).__name__
    connections[connection.fileno()] = connection
    return ""


_SERVE = {_THREADS: _serve_with_threads, _EPOLL: _serve_with_epoll}


@contextlib.contextmanager
def _listen(control: Connection) -> Iterator[socket.socket]:
    """Listen, and tell where. Connections inherit the option that has them reset at the end."""
    # With huge pages 2 MiB may be taken where a thread touches 4 KiB of its stack.
    ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
    _use_one_processor()
    ballast = _use_up_free_memory()
    with socket.create_server((fresh_address(), 0), backlog=_BATCH + 1) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        listener.settimeout(_DEADLINE_S)
        control.send(listener.getsockname())
        yield listener
    del ballast


def _use_up_free_memory() -> list[list[object]]:
    """What importing left free would take in the first thousands of connections, and hide what they need."""
    sizes = range(16, 513, 16)  # those that Python hands out from pools
    return [[bytes(size - 33) if size > 33 else object() for _ in range(_BALLAST_BYTES // size)] for size in sizes]


def _reading(held: int, failed: str = "") -> _Reading:
    rollup = "/proc/self/smaps_rollup"
    memory = _kib(rollup, "Anonymous") + _kib(rollup, "Swap") + _kib("/proc/self/status", "VmPTE")
    return _Reading(held, memory, _kib("/proc/self/status", "VmSize"), failed)


def _kernel_kib() -> int:
    """The kernel's own memory for sockets, descriptors, threads and their kernel stacks: of the whole machine."""
    return _kib("/proc/meminfo", "Slab") + _kib("/proc/meminfo", "KernelStack")


def _kib(path: str, name: str) -> int:
    """A number of KiB in a file of /proc; 0 where the kernel does not tell it."""
    lines = (line.split() for line in Path(path).read_text(encoding="ascii", errors="replace").splitlines())
    return next((int(words[1]) for words in lines if words[0] == f"{name}:"), 0)


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
