"""Three processes on one processor, of which two need the same lock: for the lab on priority inversion.

The lock is a mutex of the C library in memory that all three share, so no interpreter's lock is in the way. Nothing here can keep the
processor for itself: who computes stops at a moment that was set before, a real-time priority is held for one trial only, and the kernel
ends a process that stays at one for longer than it ever should (RLIMIT_RTTIME).
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple

from climb.errors import SetupError
from climb.labs.bench import Bench, received

__all__ = ["Stage", "Trial", "real_time_refused", "stage"]

_PROCESS_SHARED, _PRIO_INHERIT = 1, 1  # pthread.h: PTHREAD_PROCESS_SHARED, PTHREAD_PRIO_INHERIT
_PLACES = {False: 0, True: 256}  # of the mutexes without and with inheritance; the largest that is known takes 48 bytes
_DONE = 512  # a byte that is 1 once the high one has the lock
_BEGUN = 520  # when the high one was woken
_ATTRIBUTE_BYTES = 64
_LONGEST_WAIT_S = 10.0
_LONGEST_REAL_TIME_US = 300_000
_RLIMIT_RTTIME = 15  # asm-generic/resource.h; Python has no name for it
_LOW, _MIDDLE, _HIGH = 1, 2, 3  # real-time priorities, the lowest that do


class Trial(NamedTuple):
    """One measurement: how the three compete, and for which of the two mutexes."""

    inherit: bool
    real_time: bool
    hogs: int
    hog_s: float  # a hog computes until the high one has the lock, or for so long
    held_s: float  # of processor time that the low one computes while it holds the lock


class _Shared:
    """Two mutexes and a flag, in memory that is shared with forked processes."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._begun = ctypes.c_longlong.from_buffer(self._memory, _BEGUN)
        self._c = ctypes.CDLL(None)
        self.can_inherit = self._make(inherit=True)
        if not self._make(inherit=False):
            raise SetupError("this C library has no mutex that processes can share")

    def _make(self, *, inherit: bool) -> bool:
        attributes = (ctypes.c_char * _ATTRIBUTE_BYTES)()
        c = self._c
        return not (
            c.pthread_mutexattr_init(attributes)
            or c.pthread_mutexattr_setpshared(attributes, _PROCESS_SHARED)
            or (inherit and c.pthread_mutexattr_setprotocol(attributes, _PRIO_INHERIT))
            or c.pthread_mutex_init(self._mutex(inherit), attributes)
        )

    def _mutex(self, inherit: bool) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._start + _PLACES[inherit])

    def lock(self, inherit: bool) -> None:
        """Wait for the mutex, and take it."""
        end = time.time() + _LONGEST_WAIT_S
        until = (ctypes.c_long * 2)(int(end), int(end % 1 * 1e9))  # a timespec
        if error := self._c.pthread_mutex_timedlock(self._mutex(inherit), until):
            raise OSError(error, os.strerror(error))

    def unlock(self, inherit: bool) -> None:
        """Let the next one have it."""
        if error := self._c.pthread_mutex_unlock(self._mutex(inherit)):
            raise OSError(error, os.strerror(error))

    def begin(self) -> None:
        """The wait begins now."""
        self._begun.value = time.perf_counter_ns()

    def waited_ms(self) -> float:
        """Milliseconds since ``begin``, by the clock that all processes share."""
        return (time.perf_counter_ns() - self._begun.value) / 1e6

    @property
    def done(self) -> bool:
        """Whether the high one has had the lock."""
        return self._memory[_DONE] == 1

    @done.setter
    def done(self, value: bool) -> None:
        self._memory[_DONE] = int(value)


class _Bell(NamedTuple):
    """A pipe; a byte wakes one who waits."""

    waits: int
    rings: int


class Stage:
    """The three kinds of process, ready for trials."""

    def __init__(self, shared: _Shared, low: Connection, high: Connection, hogs: list[Connection]) -> None:
        self._shared, self._low, self._high, self._hogs = shared, low, high, hogs
        self.can_inherit = shared.can_inherit

    def run(self, trial: Trial) -> float:
        """Milliseconds that the high one waited for the lock."""
        self._shared.done = False
        involved = [self._low, self._high, *self._hogs[: trial.hogs]]
        for process in involved:
            process.send(trial)
        for process in involved:
            received(process)  # it waits for its bell by now, or for the next word
        self._low.send("begin")
        waited = {process: received(process) for process in involved}
        return float(waited[self._high])


def real_time_refused(processor: int) -> str | None:
    """Why this process may not use real-time priorities; None if it may."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_LOW))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    except OSError as error:
        return os.strerror(error.errno or errno.EPERM)
    finally:
        os.sched_setaffinity(0, before)
    return None


@contextmanager
def stage(bench: Bench, processor: int, difference: int, hogs: int) -> Iterator[Stage]:
    """Processes on one processor: a low one nicer by ``difference``, a high one, and ``hogs`` in the middle."""
    shared = _Shared()
    with ExitStack() as stack:
        high_bell, hog_bell = (_Bell(*os.pipe()) for _ in range(2))
        for descriptor in (*high_bell, *hog_bell):
            stack.callback(os.close, descriptor)
        roles = (
            partial(_low, shared, difference, high_bell.rings, hog_bell.rings),
            partial(_high, shared, high_bell.waits),
            *[partial(_hog, shared, hog_bell.waits)] * hogs,
        )
        low, high, *middle = [stack.enter_context(bench.process(_play, processor, role)) for role in roles]
        yield Stage(shared, low, high, middle)


class _Part(NamedTuple):
    """What a process does in a trial, and the real-time priority that it then has, should it have one."""

    act: Callable[[Trial], float]
    priority: int


def _play(control: Connection, processor: int, role: Callable[[Connection], _Part]) -> None:
    """Do one's part in each trial, and tell what came of it."""
    os.sched_setaffinity(0, {processor})
    resource.setrlimit(_RLIMIT_RTTIME, (_LONGEST_REAL_TIME_US, _LONGEST_REAL_TIME_US))
    part = role(control)
    while True:
        trial = control.recv()
        with _real_time(part.priority) if trial.real_time else nullcontext():
            control.send("ready")
            result = part.act(trial)
        control.send(result)


@contextmanager
def _real_time(priority: int) -> Iterator[None]:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _low(shared: _Shared, difference: int, high: int, hogs: int, control: Connection) -> _Part:
    """Take the lock, wake the others, and compute before giving it back."""
    os.nice(difference)

    def act(trial: Trial) -> float:
        control.recv()  # all others are ready
        shared.lock(trial.inherit)
        begun = time.process_time()
        shared.begin()
        os.write(high, b".")
        os.write(hogs, b"." * trial.hogs)
        while time.process_time() - begun < trial.held_s:
            pass
        shared.unlock(trial.inherit)
        return trial.held_s

    return _Part(act, _LOW)


def _high(shared: _Shared, bell: int, _control: Connection) -> _Part:
    """Want the lock when woken, and tell how many milliseconds passed from then until it had it."""

    def act(trial: Trial) -> float:
        os.read(bell, 1)
        shared.lock(trial.inherit)
        waited = shared.waited_ms()
        shared.done = True
        shared.unlock(trial.inherit)
        return waited

    return _Part(act, _HIGH)


def _hog(shared: _Shared, bell: int, _control: Connection) -> _Part:
    """Compute when woken, and care for no lock."""

    def act(trial: Trial) -> float:
        os.read(bell, 1)
        until = time.monotonic() + trial.hog_s
        while not shared.done and time.monotonic() < until:
            pass
        return trial.hog_s

    return _Part(act, _MIDDLE)
