"""Two sides that hand each other the turn: each writes eight bytes and sleeps until the other does. For the lab on context switches.

A walk through memory is compiled, and each of its steps must wait for the step before: else the processor fetches ahead, and what
another process has pushed out of the caches hardly shows.
"""

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NamedTuple, TypeAlias

from climb.labs.bench import Bench, received

__all__ = [
    "Ends",
    "Partner",
    "Walk",
    "channel",
    "partner_process",
    "partner_thread",
    "switches",
    "timed",
    "walked",
    "walks",
]

_TOKEN = (1).to_bytes(8, sys.byteorder)  # an eventfd takes eight bytes that are a number, the others take anything
_LINE = 64  # bytes in a cache line of nearly every processor that servers have

Walk: TypeAlias = Callable[[], int]
"""Reads one number in each line of some memory, in a drawn order."""


class Ends(NamedTuple):
    """What one side reads from and writes to."""

    reader: int
    writer: int


class Partner(NamedTuple):
    """Who hands the turn back, and our ends of the channels to them."""

    control: Connection
    ends: Ends

    def ask(self, turns: int, processor: int, size_kib: int = 0) -> None:
        """Have them hand the turn back ``turns`` times, on ``processor``, each time after a walk of ``size_kib``."""
        self.control.send((turns, processor, size_kib))
        received(self.control)


def switches() -> int:
    """How often this thread has left the processor so far."""
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_nvcsw + usage.ru_nivcsw


def timed(ends: Ends, turns: int) -> float:
    """Microseconds from one's turn to one's next turn."""
    read, write = os.read, os.write
    begun = time.perf_counter_ns()
    for _ in repeat(None, turns):
        write(ends.writer, _TOKEN)
        read(ends.reader, 8)
    return (time.perf_counter_ns() - begun) / 1000 / turns


def walked(ends: Ends, walk: Walk, turns: int) -> float:
    """Microseconds that the walks take, one in each turn; the hand-over is not counted."""
    read, write, clock, spent = os.read, os.write, time.perf_counter_ns, 0
    walk()
    for _ in repeat(None, turns):
        write(ends.writer, _TOKEN)
        read(ends.reader, 8)
        begun = clock()
        walk()
        spent += clock() - begun
    return spent / 1000 / turns


def walks(sizes_kib: tuple[int, ...]) -> Callable[[], dict[int, Walk]]:
    """What makes a walk of each size; to be called in each process, so that it has memory of its own."""
    import numpy as np
    from numba import njit

    @njit("int64(int64[:, ::1], int64, int64)")
    def follow(memory: np.ndarray, column: int, steps: int) -> int:
        at = 0
        for _ in range(steps):
            at = memory[at, column]
        return at

    def make() -> dict[int, Walk]:
        lines = [size * 1024 // _LINE for size in sizes_kib]
        memory = np.zeros((lines[-1], _LINE // 8), dtype=np.int64)  # each size has a column, so a line serves them all
        for column, count in enumerate(lines):
            order = np.random.default_rng(column).permutation(count)
            memory[order, column] = np.roll(order, -1)
        return {
            size: partial(follow, memory, column, count)
            for column, (size, count) in enumerate(zip(sizes_kib, lines, strict=True))
        }

    return make


def _answer(control: Connection, ends: Ends, make: Callable[[], dict[int, Walk]]) -> None:
    """Hand the turn back as asked, until the other side ends."""
    gc.disable()
    known = make()
    while (asked := control.recv()) is not None:
        turns, processor, size = asked
        os.sched_setaffinity(0, {processor})  # of this thread alone
        control.send("ready")
        walk, read, write = known.get(size), os.read, os.write
        for _ in repeat(None, turns):
            read(ends.reader, 8)
            if walk:
                walk()
            write(ends.writer, _TOKEN)


@contextmanager
def channel(kind: str) -> Iterator[Ends]:
    """Something that eight bytes go through: a pipe, an eventfd or a socket."""
    if kind == "pipe":
        ends = Ends(*os.pipe())
    elif kind == "eventfd":
        counter = os.eventfd(0)
        ends = Ends(counter, os.dup(counter))
    else:
        ends = Ends(*(end.detach() for end in socket.socketpair()))
    try:
        yield ends
    finally:
        os.close(ends.reader)
        os.close(ends.writer)


@contextmanager
def partner_process(bench: Bench, kind: str, make: Callable[[], dict[int, Walk]]) -> Iterator[Partner]:
    """A partner that is a process of its own."""
    with (
        channel(kind) as there,
        channel(kind) as back,
        bench.process(_answer, Ends(there.reader, back.writer), make) as control,
    ):
        yield Partner(control, Ends(back.reader, there.writer))


@contextmanager
def partner_thread(kind: str) -> Iterator[Partner]:
    """A partner that is a thread of this process, and walks nowhere."""
    ours, theirs = Pipe()
    with channel(kind) as there, channel(kind) as back:
        ends = Ends(there.reader, back.writer)
        thread = threading.Thread(target=_answer, args=(theirs, ends, dict), daemon=True)
        thread.start()
        yield Partner(ours, Ends(back.reader, there.writer))
        ours.send(None)
        thread.join()
