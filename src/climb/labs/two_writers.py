"""Two threads, each on a processor of its own, that add to numbers a chosen distance apart. For the lab on false sharing.

The additions are compiled: a load, an addition and a store each, which the compiler may neither keep in a register nor put together. Nothing
locks them. A slice counts only if both were adding all the while, since one whose neighbour was taken from its processor adds alone.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

__all__ = ["Slice", "Task", "Timed", "compiled", "two_processors"]

_WORDS = 512  # of the page on which the numbers lie
_FLAGS_APART = 64  # numbers, so that what tells how far each is stays apart on any machine
_MONOTONIC = 1  # time.h: CLOCK_MONOTONIC
_LOOKS = 2_000_000_000  # for the other one to begin; they take a second or so


class Task(NamedTuple):
    """What the two do in a slice."""

    distance: int  # in bytes, from the one's number to the other's
    times: int
    pause: int  # steps between two additions
    alone: bool = False


class Slice(NamedTuple):
    """How long an addition took the first of them, and how far the slower one was when the quicker one had ended, 0 to 1."""

    nanoseconds: float
    together: float


Timed: TypeAlias = Callable[[Task], Slice]


def two_processors() -> tuple[int, int] | None:
    """Two processors that we may use, of different cores if the kernel tells; None if there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return None
    here, near = allowed[0], _threads_of_core(allowed[0])
    return here, next((each for each in allowed if each not in near), allowed[1])


def _threads_of_core(processor: int) -> set[int]:
    place = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
    try:
        parts = [part.partition("-") for part in place.read_text(encoding="ascii").strip().split(",")]
        return {each for low, _, high in parts for each in range(int(low), int(high or low) + 1)}
    except (OSError, ValueError):
        return {processor}


def compiled(processors: tuple[int, int]) -> Timed:
    """Compile the additions, which takes a second or two."""
    from numba import njit, types
    from numba.core import cgutils
    from numba.extending import intrinsic

    def loading(_context: Any, memory: Any, _place: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _address(cgutils, context, builder, signature, arguments)
            return builder.load_atomic(place, "monotonic", 8)

        return types.int64(memory, types.int64), code

    def storing(_context: Any, memory: Any, _place: Any, _value: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _address(cgutils, context, builder, signature, arguments)
            builder.store_atomic(arguments[2], place, "monotonic", 8)
            return context.get_dummy_value()

        return types.void(memory, types.int64, types.int64), code

    load: Any = intrinsic(loading)
    store: Any = intrinsic(storing)
    clock: Any = ctypes.CDLL(None).clock_gettime
    clock.argtypes, clock.restype = [ctypes.c_int, ctypes.c_size_t], ctypes.c_int

    signature = "int64(int64[::1], int64[::1], int64, int64, int64, int64, int64)"

    @njit(signature, nogil=True)
    def add(cells: np.ndarray, flags: np.ndarray, me: int, place: int, times: int, pause: int, clocks: int) -> int:
        other = _FLAGS_APART - me
        store(flags, me, 1)
        looks = 0
        while load(flags, other) == 0 and looks < _LOOKS:
            looks += 1
        clock(_MONOTONIC, clocks)
        number = 0
        for done in range(1, times + 1):
            store(cells, place, load(cells, place) + 1)
            for _ in range(pause):
                number += load(flags, me)
            if done & 63 == 0:
                store(flags, me, done)
        clock(_MONOTONIC, clocks + 16)
        reached = load(flags, other)
        store(flags, me, times)
        store(flags, me + 1, number)  # or the pause could be left out
        return int(reached)

    def timed(task: Task) -> Slice:
        return _slice(add, processors, task)

    return timed


def _slice(add: Callable[..., int], processors: tuple[int, int], task: Task) -> Slice:
    """Have both add at once, each in a thread on its processor."""
    cells, flags, clocks = _words(_WORDS), _words(2 * _FLAGS_APART), _words(_WORDS)
    if task.alone:
        flags[_FLAGS_APART] = task.times
    reached = [task.times, task.times]

    def one(who: int) -> None:
        os.sched_setaffinity(0, {processors[who]})  # of this thread alone
        place, clock = who * task.distance // 8, clocks.ctypes.data + who * 8 * _FLAGS_APART
        reached[who] = add(cells, flags, who * _FLAGS_APART, place, task.times, task.pause, clock)

    threads = [threading.Thread(target=one, args=(who,), daemon=True) for who in range(1 if task.alone else 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, nanoseconds, end_seconds, end_nanoseconds = (int(word) for word in clocks[:4])
    took = (end_seconds - seconds) * 1_000_000_000 + end_nanoseconds - nanoseconds
    return Slice(took / task.times, min(reached) / task.times)


def _words(count: int) -> np.ndarray:
    """Zeros, the first at the beginning of a page, or of the longest line that is known."""
    memory = np.zeros(count + _WORDS, dtype=np.int64)
    start = -(memory.ctypes.data // 8) % _WORDS
    return memory[start : start + count]


def _address(cgutils: Any, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Where an element of an array lies, as numba builds it."""
    kind = signature.args[0]
    array = context.make_array(kind)(context, builder, arguments[0])
    return cgutils.get_item_pointer(context, builder, kind, array, [arguments[1]], wraparound=False)
