"""Two servers that hold idle connections, each in a process of its own: a thread for each connection, and one epoll loop for all.

A third process has the idle clients of a server; one more client, in the measuring process, is active.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from climb.labs.bench import Bench, received
from climb.labs.loopback import RESET_ON_CLOSE, fresh_address

__all__ = [
    "BATCH",
    "Reading",
    "Serve",
    "Server",
    "ask",
    "serve_with_epoll",
    "serve_with_threads",
    "start",
    "use_one_processor",
]

BATCH = 100  # connections opened at once, fewer than the queue in front of accept holds
_REQUEST = b"?" * 64
_DEADLINE_S = 20
_DEADLINE = struct.pack("ll", _DEADLINE_S, 0)  # seconds and microseconds, as SO_RCVTIMEO takes them
_BALLAST_BYTES = 256 * 1024
_PR_SET_THP_DISABLE = 41  # linux/prctl.h

Serve: TypeAlias = Callable[[Connection, int], None]


@dataclass(frozen=True)
class Reading:
    """What a server says of itself: the connections it holds, its memory and its address space in KiB, what failed if anything."""

    held: int
    memory: float
    addresses: float
    failed: str = ""


@dataclass
class Server:
    """A server process, the process that holds its idle clients, and the one active client."""

    control: Connection
    idle: Connection
    active: socket.socket
    empty: Reading
    now: Reading
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


def start(stack: ExitStack, bench: Bench, serve: Serve, stack_kib: int) -> Server:
    """Start the server and the process of its idle clients. The server ends first: that resets all connections."""
    idle = stack.enter_context(bench.process(_hold_clients))
    control = stack.enter_context(bench.process(serve, stack_kib))
    address = received(control)
    idle.send(address)
    active = stack.enter_context(socket.create_connection(address))
    active.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _DEADLINE)
    empty = received(control)
    return Server(control, idle, active, empty, empty)


def ask(client: socket.socket) -> None:
    """One request and its answer."""
    client.send(_REQUEST)
    if len(client.recv(len(_REQUEST))) != len(_REQUEST):
        raise ConnectionError("the lab's server did not answer")


def use_one_processor() -> None:
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


def serve_with_threads(control: Connection, stack_kib: int) -> None:
    """Hold as many connections as told, each with a thread that waits in recv."""
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


def serve_with_epoll(control: Connection, _stack_kib: int) -> None:
    """Hold as many connections as told in one loop, which waits in epoll_wait."""
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


@contextlib.contextmanager
def _listen(control: Connection) -> Iterator[socket.socket]:
    """Listen, and tell where. Connections inherit the option that has them reset at the end."""
    # With huge pages 2 MiB may be taken where a thread touches 4 KiB of its stack.
    ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)
    use_one_processor()
    ballast = _use_up_free_memory()
    with socket.create_server((fresh_address(), 0), backlog=BATCH + 1) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        listener.settimeout(_DEADLINE_S)
        control.send(listener.getsockname())
        yield listener
    del ballast


def _use_up_free_memory() -> list[list[object]]:
    """What importing left free would take in the first thousands of connections, and hide what they need."""
    sizes = range(16, 513, 16)  # those that Python hands out from pools
    return [[bytes(size - 33) if size > 33 else object() for _ in range(_BALLAST_BYTES // size)] for size in sizes]


def _reading(held: int, failed: str = "") -> Reading:
    rollup = "/proc/self/smaps_rollup"
    memory = _kib(rollup, "Anonymous") + _kib(rollup, "Swap") + _kib("/proc/self/status", "VmPTE")
    return Reading(held, memory, _kib("/proc/self/status", "VmSize"), failed)


def _kernel_kib() -> int:
    """The kernel's own memory for sockets, descriptors, threads and their kernel stacks: of the whole machine."""
    return _kib("/proc/meminfo", "Slab") + _kib("/proc/meminfo", "KernelStack")


def _kib(path: str, name: str) -> int:
    """A number of KiB in a file of /proc; 0 where the kernel does not tell it."""
    lines = (line.split() for line in Path(path).read_text(encoding="ascii", errors="replace").splitlines())
    return next((int(words[1]) for words in lines if words[0] == f"{name}:"), 0)
