"""Two processes that need the same two locks, again and again, in one of several ways. For the lab on deadlocks.

Who waits for its second lock says so in memory that both share. If both say so, each holds what the other waits for, and neither will ever
go on: that is seen without relying on time. Then the trial is over, and both give back what they hold.
"""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Lock
from typing import NamedTuple

from climb.errors import SetupError
from climb.labs.bench import Bench, received

__all__ = ["ALONE", "BACK_OFF", "ONE_LOCK", "ONE_ORDER", "OPPOSITE", "TRY_AGAIN", "Done", "Pair", "Task", "pair"]

OPPOSITE = "opposite orders"
ONE_ORDER = "one order for both"
ONE_LOCK = "one lock in place of two"
BACK_OFF = "try, give back, wait at random"
TRY_AGAIN = "try, give back, try at once"
ALONE = "one process alone"

_START, _OVER, _WAITING = 0, 1, 2  # places in the shared page; of the last there are two
_LOOK_SECONDS = 0.002  # while waiting for the second lock
_START_SECONDS = 10.0
_LONGEST_BACK_OFF_S = 0.000_1


class Task(NamedTuple):
    """What each of the two is to do."""

    way: str
    times: int
    between_s: float  # with one lock held, on average
    rest_s: float  # without, on average
    longest_s: float


class Done(NamedTuple):
    """What came of it, for one of the two or for both."""

    times: int  # that both locks were had
    given_back: int  # times that the second was taken, and the first given back for it
    stood_still: bool
    seconds: float


class Pair:
    """The two processes, ready for tasks."""

    def __init__(self, memory: memoryview, group: list[Connection]) -> None:
        self._memory, self._group = memory, group

    def run(self, task: Task) -> Done:
        """Have both do it at once, and add up what they did."""
        for place in (_START, _OVER, _WAITING, _WAITING + 1):
            self._memory[place] = 0
        group = self._group[:1] if task.way == ALONE else self._group
        for process in group:
            process.send(task)
        for process in group:
            received(process)  # it waits for the signal
        self._memory[_START] = 1
        done: list[Done] = [received(process) for process in group]
        return Done(
            times=sum(each.times for each in done),
            given_back=sum(each.given_back for each in done),
            stood_still=any(each.stood_still for each in done),
            seconds=max(each.seconds for each in done),
        )


@contextmanager
def pair(bench: Bench) -> Iterator[Pair]:
    """Two processes, two locks and a page that both have."""
    memory = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")
    context = multiprocessing.get_context("fork")
    locks = (context.Lock(), context.Lock())
    with bench.process(_take_turns, 0, memory, locks) as one, bench.process(_take_turns, 1, memory, locks) as other:
        yield Pair(memory, [one, other])


class _Taker:
    """One of the two, at one task."""

    def __init__(self, me: int, memory: memoryview, locks: tuple[Lock, Lock], task: Task) -> None:
        self._me, self._memory, self._task = me, memory, task
        turned = me == 1 and task.way not in (ONE_ORDER, ONE_LOCK)
        self._first, self._second = locks[::-1] if turned else locks
        self._stood_still = False
        self._given_back = 0

    def work(self) -> Done:
        """Take both locks as often as told, or until nothing goes on."""
        step = {ONE_LOCK: self._one, BACK_OFF: self._try, TRY_AGAIN: self._try}.get(self._task.way, self._both)
        begun, times = time.perf_counter(), 0
        while times < self._task.times and not self._over() and time.perf_counter() - begun < self._task.longest_s:
            if self._task.rest_s:
                time.sleep(random.uniform(0, 2 * self._task.rest_s))
            times += step()
        return Done(times, self._given_back, self._stood_still, time.perf_counter() - begun)

    def _over(self) -> bool:
        return bool(self._memory[_OVER])

    def _hold(self) -> None:
        until = time.perf_counter() + random.uniform(0, 2 * self._task.between_s)
        while time.perf_counter() < until:
            pass

    def _one(self) -> int:
        with self._first:
            self._hold()
        return 1

    def _both(self) -> int:
        with self._first:
            self._hold()
            if not self._wait_for_second():
                return 0
            self._second.release()
        return 1

    def _wait_for_second(self) -> bool:
        self._memory[_WAITING + self._me] = 1
        while not self._second.acquire(timeout=_LOOK_SECONDS):
            if self._task.way == OPPOSITE and self._memory[_WAITING] and self._memory[_WAITING + 1]:
                self._memory[_OVER] = 1
                self._stood_still = True
            if self._over():
                return False
        self._memory[_WAITING + self._me] = 0
        if not self._over():
            return True
        self._second.release()  # the other has given it back because nothing went on
        return False

    def _try(self) -> int:
        with self._first:
            self._hold()
            if self._second.acquire(block=False):
                self._second.release()
                return 1
        self._given_back += 1
        if self._task.way == BACK_OFF:
            time.sleep(random.uniform(0, _LONGEST_BACK_OFF_S))
        return 0


def _take_turns(control: Connection, me: int, memory: memoryview, locks: tuple[Lock, Lock]) -> None:
    gc.disable()
    random.seed()  # else both draw the same numbers
    while True:
        taker = _Taker(me, memory, locks, control.recv())
        control.send("ready")
        _wait_for_start(memory)
        control.send(taker.work())


def _wait_for_start(memory: memoryview) -> None:
    """Look again and again rather than sleep: those who sleep wake up one after the other."""
    deadline = time.monotonic() + _START_SECONDS
    while not memory[_START]:
        if time.monotonic() > deadline:
            raise SetupError("the processes of this lab did not start together: the machine may be too busy for it")
