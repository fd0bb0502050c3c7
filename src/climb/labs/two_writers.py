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
_MONOTONIC = 1  # time.h: CLOCK_MONOTONIC
_LOOKS = 2_000_000_000  # for the other one to begin, some seconds long


class Task(NamedTuple):
    """What the two do in a slice."""

    distance: int  # in bytes, from the one's number to the other's
    times: int
    pause: int  # steps between two additions
    other_writes: bool = True  # or reads only
    alone: bool = False


class Slice(NamedTuple):
    """How long an addition took the first of them, and the share of the slice in which the other was adding, too."""

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

    @intrinsic  # type: ignore[untyped-decorator]
    def load(_context: Any, memory: Any, _place: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _address(cgutils, context, builder, signature, arguments)
            return builder.load_atomic(place, "monotonic", 8)

        return types.int64(memory, types.int64), code

    @intrinsic  # type: ignore[untyped-decorator]
    def store(_context: Any, memory: Any, _place: Any, _value: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = _address(cgutils, context, builder, signature, arguments)
            builder.store_atomic(arguments[2], place, "monotonic", 8)
            return context.get_dummy_value()

        return types.void(memory, types.int64, types.int64), code

    clock: Any = ctypes.CDLL(None).clock_gettime
    clock.argtypes, clock.restype = [ctypes.c_int, ctypes.c_size_t], ctypes.c_int

    @njit("int64(int64[::1], int64[::1], int64, int64, int64, int64, int64, int64, int64, int64)", nogil=True)
    def add(
        cells: np.ndarray,
        flags: np.ndarray,
        me: int,
        other: int,
        place: int,
        times: int,
        pause: int,
        step: int,
        begun: int,
        ended: int,
    ) -> int:
        store(flags, me, 1)
        looks = 0
        while load(flags, other) == 0 and looks < _LOOKS:
            looks += 1
        clock(_MONOTONIC, begun)
        number = 0
        for done in range(times):
            if step:
                store(cells, place, load(cells, place) + step)
            else:
                number += load(cells, place)
            for _ in range(pause):
                number = number * 5 + load(flags, me)  # can’t be left out
            if done & 63 == 0:
                store(flags, me, done + 1)
        clock(_MONOTONIC, ended)
        reached = load(flags, other)
        store(flags, me, times)
        return reached + (number >> 63 & 0)

    return _timing(processors, add)
