"""Ways to start something that ends at once: threads, processes, programs. For the lab on fork, clone and threads.

A thread, a fork and a vfork are the same system call, clone(2), with other flags. They are called through the C library with one of its own
functions as what the child does, so no Python runs in the child and none of Python's bookkeeping is in the time.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from climb.errors import SetupError

__all__ = ["FORK", "FORK_EXEC", "SPAWN", "THREAD", "VFORK", "has_clone", "sleeping_child", "ways_to_start"]

THREAD = "a thread"
VFORK = "a process by vfork"
FORK = "a process by fork"
SPAWN = "a program by posix_spawn"
FORK_EXEC = "a program by fork and exec"

_CLONE_VM, _CLONE_VFORK = 0x100, 0x4000  # linux/sched.h
_STACK_BYTES = 64 * 1024
_SLEEP_SECONDS = 5  # at most, should nobody end it


def has_clone() -> bool:
    """Whether this system's C library has clone(2)."""
    return hasattr(ctypes.CDLL(None), "clone")


def ways_to_start() -> dict[str, Callable[[], float]]:
    """Each starts one, waits for its end and returns how many microseconds that took. Raises SetupError without a program to start."""
    program = shutil.which("true")
    if program is None:
        raise SetupError("there is no program `true` in the PATH, which this lab starts")
    return {
        THREAD: _thread(),
        VFORK: _cloned(_CLONE_VM | _CLONE_VFORK),
        FORK: _cloned(0),
        SPAWN: _spawned(program),
        FORK_EXEC: _forked(program),
    }


def _address(function: ctypes._NamedFuncPointer) -> ctypes.c_void_p:
    return ctypes.cast(function, ctypes.c_void_p)


def _thread() -> Callable[[], float]:
    c = ctypes.CDLL(None)
    create, join, at_once = c.pthread_create, c.pthread_join, _address(c.getppid)
    join.argtypes = (ctypes.c_ulong, ctypes.c_void_p)
    identity = ctypes.c_ulong()
    place = ctypes.byref(identity)

    def start() -> float:
        begun = time.perf_counter_ns()
        failed = create(place, None, at_once, None)
        if not failed:
            join(identity, None)
        ended = time.perf_counter_ns()
        if failed:
            raise SetupError(f"a thread could not be started: {os.strerror(failed)}")
        return (ended - begun) / 1000

    return start


def _cloned(flags: int) -> Callable[[], float]:
    clone, stack = _clone(), _Stack()
    at_once = _address(ctypes.CDLL(None)._exit)  # noqa: SLF001 - the C library's name for it

    def start() -> float:
        begun = time.perf_counter_ns()
        child = clone(at_once, stack.top, flags | signal.SIGCHLD, None)
        if child > 0:
            os.waitpid(child, 0)
        ended = time.perf_counter_ns()
        if child < 0:
            raise SetupError(f"a process could not be started: {os.strerror(ctypes.get_errno())}")
        return (ended - begun) / 1000

    return start


def _clone() -> ctypes._NamedFuncPointer:
    clone = ctypes.CDLL(None, use_errno=True).clone
    clone.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    return clone


class _Stack:
    """What the child runs on; it grows downwards."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _STACK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.top = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(self._memory)) + _STACK_BYTES)


def _spawned(program: str) -> Callable[[], float]:
    arguments: list[str] = [program]

    def start() -> float:
        begun = time.perf_counter_ns()
        os.waitpid(os.posix_spawn(program, arguments, {}), 0)
        return (time.perf_counter_ns() - begun) / 1000

    return start


def _forked(program: str) -> Callable[[], float]:
    c = ctypes.PyDLL(None)  # it keeps the interpreter's lock, which the child then has as well
    fork, execute, leave = c.fork, c.execve, c._exit  # noqa: SLF001 - the C library's name for it
    path = program.encode()
    arguments, nothing = (ctypes.c_char_p * 2)(path, None), (ctypes.c_char_p * 1)(None)

    def start() -> float:
        begun = time.perf_counter_ns()
        child = fork()
        if child == 0:
            execute(path, arguments, nothing)
            leave(127)
        if child > 0:
            os.waitpid(child, 0)
        ended = time.perf_counter_ns()
        if child < 0:
            raise SetupError("a process could not be forked: too many processes, or too little memory")
        return (ended - begun) / 1000

    return start


@contextmanager
def sleeping_child() -> Iterator[None]:
    """A forked child that does nothing while the block runs."""
    stack = _Stack()
    child = _clone()(_address(ctypes.CDLL(None).sleep), stack.top, signal.SIGCHLD, ctypes.c_void_p(_SLEEP_SECONDS))
    if child < 0:
        raise SetupError(f"a process could not be started: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
