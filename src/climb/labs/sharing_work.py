"""Threads that do units of work, part of each under one lock. For the lab on more threads.

The work is compiled and lets go of the interpreter's lock, so that threads run at the same time; the lock is a mutex of the C library, as
servers have it: who finds it taken sleeps.
"""

from __future__ import annotations

import ctypes
import resource
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

__all__ = ["Done", "Run", "compiled"]

_MUTEX_WORDS = 16  # of 8 bytes; the largest mutex that is known takes 48 bytes
_LINE_WORDS = 16  # two cache lines, as some processors fetch them in pairs
_LONGEST_WAIT_S = 10.0
_LINES = 64  # that are written, all those of a page

Run: TypeAlias = Callable[[int, int, int, float], "Done"]
"""Have so many threads do units of so many steps alone, and so many under the lock, for some seconds."""


class Done(NamedTuple):
    """What the threads of one run did."""

    units: int
    seconds: float
    switches: int  # how often one of them left its processor


def compiled() -> Run:
    """Compile the work, which takes a second or two."""
    from numba import njit

    c = ctypes.CDLL(None)
    mutex = np.zeros(_MUTEX_WORDS, dtype=np.int64)
    place = ctypes.c_void_p(mutex.ctypes.data)
    if error := c.pthread_mutex_init(place, None):
        raise OSError(error, "pthread_mutex_init")
    address = int(mutex.ctypes.data)
    take: Any = c.pthread_mutex_lock
    give: Any = c.pthread_mutex_unlock
    for call in (take, give):
        call.argtypes, call.restype = [ctypes.c_size_t], ctypes.c_int

    @njit("uint64(uint64, uint64[::1], int64)", nogil=True)
    def steps(number: np.uint64, memory: np.ndarray, count: int) -> np.uint64:
        for step in range(count):
            number ^= number << np.uint64(13)  # Marsaglia, Xorshift RNGs (2003)
            number ^= number >> np.uint64(7)
            number ^= number << np.uint64(17)
            memory[(step % _LINES) * 8] += number
        return number

    @njit("void(uint64[::1], uint64[::1], int64[::1], int64[::1], int64, int64)", nogil=True)
    def work(own: np.ndarray, shared: np.ndarray, done: np.ndarray, stop: np.ndarray, alone: int, locked: int) -> None:
        number = np.uint64(88172645463325252)
        while stop[0] == 0:
            number = steps(number, own, alone)
            if locked > 0:
                take(address)
                number = steps(number, shared, locked)
                give(address)
            done[0] += 1

    def run(threads: int, alone: int, locked: int, seconds: float) -> Done:
        assert mutex.size  # it lives as long as this function
        own, shared = (
            np.zeros((threads + 1, _LINES * 8 + _LINE_WORDS), dtype=np.uint64),
            np.zeros(_LINES * 8, np.uint64),
        )
        done, stop = np.zeros((threads + 1, _LINE_WORDS), dtype=np.int64), np.zeros(_LINE_WORDS, dtype=np.int64)
        ready = threading.Barrier(threads + 1)

        def begin(number: int) -> None:
            ready.wait()
            work(own[number], shared, done[number], stop, alone, locked)

        group = [threading.Thread(target=begin, args=(number,), daemon=True) for number in range(threads)]
        for thread in group:
            thread.start()
        ready.wait()
        switches, begun = _switches(), time.perf_counter()
        time.sleep(seconds)
        while not done.any() and time.perf_counter() - begun < _LONGEST_WAIT_S:
            time.sleep(seconds)  # no thread has had a processor for long enough
        units, took, left = int(done[:, 0].sum()), time.perf_counter() - begun, _switches()
        stop[0] = 1
        for thread in group:
            thread.join()
        return Done(units, took, left - switches)

    return run


def _switches() -> int:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_nvcsw + usage.ru_nivcsw
