"""Ways to hand a message to another process: a pipe, a socket, or memory that both have. For the lab on pipes and shared memory.

The sender has the message in memory of its own. The receiver looks at one byte in each 64 of what it gets, in a buffer of its own or in
the shared memory itself, so that no way gets around having the bytes brought to the processor that wants them.
"""

from __future__ import annotations

import array
import fcntl
import gc
import mmap
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import repeat
from multiprocessing.connection import Connection
from typing import NamedTuple, Protocol

from climb.errors import SetupError
from climb.labs.bench import Bench, received

__all__ = ["PIPE", "SHARED", "SOCKET", "SPINNING", "WAYS", "Partner", "partner", "ways"]

PIPE, SOCKET = "pipe", "Unix socket"
SHARED, SPINNING = "shared memory, woken by an eventfd", "shared memory, looking all the time"
WAYS = (PIPE, SOCKET, SHARED, SPINNING)

_LINE = 64  # bytes in a cache line of nearly every processor that servers have
_LOOKS = 200  # at the flag, before whoever else wants the processor may have it
_LONGEST_WAIT_S = 10.0


class Way(Protocol):
    """One direction, from one process to the other."""

    def send(self, message: memoryview) -> None:
        """Hand over the whole message."""

    def receive(self, buffer: memoryview) -> memoryview:
        """Wait for a message as long as ``buffer``; it is there or wherever the result is."""

    def close(self) -> None:
        """Give the descriptors back."""


class _Pipe:
    def __init__(self, buffer_bytes: int) -> None:
        self._reader, self._writer = os.pipe()
        try:
            fcntl.fcntl(self._writer, fcntl.F_SETPIPE_SZ, buffer_bytes)
        except OSError as error:  # more than fs.pipe-max-size, or than this user may have
            raise SetupError(
                f"the kernel gives no pipe of {buffer_bytes // 1024} KiB; choose a smaller buffer"
            ) from error

    def send(self, message: memoryview) -> None:
        sent = 0
        while sent < len(message):
            sent += os.write(self._writer, message[sent:])

    def receive(self, buffer: memoryview) -> memoryview:
        got = 0
        while got < len(buffer):
            got += os.readv(self._reader, [buffer[got:]])
        return buffer

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class _Socket:
    def __init__(self, buffer_bytes: int) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)  # or net.core.wmem_max, if less

    def send(self, message: memoryview) -> None:
        self._writer.sendall(message)

    def receive(self, buffer: memoryview) -> memoryview:
        got = 0
        while got < len(buffer):
            got += self._reader.recv_into(buffer[got:])
        return buffer

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class _Shared:
    """Memory for one message; an eventfd counts those that are ready."""

    def __init__(self, longest: int) -> None:
        self._data = memoryview(mmap.mmap(-1, longest))
        self._ready = os.eventfd(0)

    def send(self, message: memoryview) -> None:
        self._data[: len(message)] = message
        os.eventfd_write(self._ready, 1)

    def receive(self, buffer: memoryview) -> memoryview:
        os.eventfd_read(self._ready)
        return self._data[: len(buffer)]

    def close(self) -> None:
        os.close(self._ready)


class _Spinning:
    """Memory for one message, and a number in it that tells how many there were.

    A program in C would have to write that number with release order and read it with acquire order.
    """

    def __init__(self, longest: int) -> None:
        self._count = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")
        self._data = memoryview(mmap.mmap(-1, longest))
        self._seen = 0  # each process has its own

    def send(self, message: memoryview) -> None:
        self._data[: len(message)] = message
        self._count[0] += 1

    def receive(self, buffer: memoryview) -> memoryview:
        count, seen = self._count, self._seen
        deadline = 0.0
        while not any(count[0] != seen for _ in repeat(None, _LOOKS)):
            deadline = deadline or time.monotonic() + _LONGEST_WAIT_S
            if time.monotonic() > deadline:
                raise SetupError("a process of this lab did not answer: the machine may be too busy for it")
            os.sched_yield()
        self._seen += 1
        return self._data[: len(buffer)]

    def close(self) -> None:
        """There is no descriptor."""


class _Errand(NamedTuple):
    """What the partner is asked to do: send back so many messages."""

    way: str
    size: int
    turns: int


class Partner:
    """A process that sends each message back."""

    def __init__(self, control: Connection, there: dict[str, Way], back: dict[str, Way], longest: int) -> None:
        self._control, self._there, self._back = control, there, back
        self._message, self._buffer = _filled(longest), memoryview(bytearray(longest))

    def microseconds(self, way: str, size: int, turns: int) -> float:
        """Of one message, which is half of there and back."""
        self._control.send(_Errand(way, size, turns))
        received(self._control)
        message, buffer = self._message[:size], self._buffer[:size]
        send, receive = self._there[way].send, self._back[way].receive
        begun = time.perf_counter_ns()
        for _ in repeat(None, turns):
            send(message)
            _look(receive(buffer))
        return (time.perf_counter_ns() - begun) / 1000 / turns / 2


@contextmanager
def partner(bench: Bench, processor: int, buffer_bytes: int, longest: int) -> Iterator[Partner]:
    """A process on ``processor``, and every way to it and back."""
    with (
        ways(buffer_bytes, longest) as there,
        ways(buffer_bytes, longest) as back,
        bench.process(_send_back, there, back, processor, longest) as control,
    ):
        yield Partner(control, there, back, longest)


@contextmanager
def ways(buffer_bytes: int, longest: int) -> Iterator[dict[str, Way]]:
    """Every way in one direction, for messages of at most ``longest`` bytes."""
    made: dict[str, Callable[[], Way]] = {
        PIPE: lambda: _Pipe(buffer_bytes),
        SOCKET: lambda: _Socket(buffer_bytes),
        SHARED: lambda: _Shared(longest),
        SPINNING: lambda: _Spinning(longest),
    }
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(make())) for name, make in made.items()}


def _send_back(control: Connection, there: dict[str, Way], back: dict[str, Way], processor: int, longest: int) -> None:
    gc.disable()
    os.sched_setaffinity(0, {processor})
    whole, room = _filled(longest), memoryview(bytearray(longest))
    while True:
        errand = control.recv()
        message, buffer = whole[: errand.size], room[: errand.size]
        receive, send = there[errand.way].receive, back[errand.way].send
        control.send("ready")
        for _ in repeat(None, errand.turns):
            _look(receive(buffer))
            send(message)


def _filled(size: int) -> memoryview:
    """Memory that is really there: zeros of the kernel's would all be one page."""
    return memoryview(array.array("B", bytes([1])) * size)


def _look(message: memoryview) -> bytes:
    return message[::_LINE].tobytes()
