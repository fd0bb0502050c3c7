"""The process that starts real workers together, looks at them when the time begins and when it is over, and ends them.

It runs as a file of its own, without the rest of climb: it reads a plan from standard input and writes one line of JSON for
each thing that happened. It leads a session, because Linux shares a processor among sessions first (sched(7), autogroup), and
nice values only say something within one. The kernel ends it with the process that started it, and the workers with it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
import time
from typing import Any, NoReturn

_PR_SET_PDEATHSIG, _PR_SET_TIMERSLACK = 1, 29  # linux/prctl.h
_MARGIN_S = 10  # after which everything ends by itself
_AFTER_S = 0.05  # how long sleepers go on, so that none is missing when the time is over


def _end_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def _tell(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _schedstat(descriptor: int) -> tuple[int, int]:
    """Nanoseconds on a processor, and ready without one (Documentation/scheduler/sched-stats.rst)."""
    ran, waited, _turns = os.pread(descriptor, 100, 0).split()
    return int(ran), int(waited)


def _hog() -> NoReturn:
    while True:
        pass


def _sleeper(work_ns: int, pause_ns: int, begin: float, end: float) -> list[int]:
    """Work and sleep in turn; return how long each wake-up waited for the processor, in ns."""
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    own = os.open("/proc/self/schedstat", os.O_RDONLY)
    waits: list[int] = []
    done = time.process_time_ns()
    while True:
        done += work_ns
        while time.process_time_ns() < done:
            pass
        before = _schedstat(own)[1]
        time.sleep(pause_ns / 1e9)
        waited = _schedstat(own)[1] - before
        now = time.monotonic()
        if now > end + _AFTER_S:
            return waits
        if begin <= now < end:
            waits.append(waited)


def _worker(plan: dict[str, Any], order: dict[str, int], gate: int, ready: int, answer: int) -> NoReturn:
    try:
        os.sched_setaffinity(0, {plan["cpu"]})
        os.setpriority(os.PRIO_PROCESS, 0, order["nice"])
        signal.alarm(int(plan["warm_s"] + plan["seconds"]) + _MARGIN_S)
        gc.disable()
        os.write(ready, b".")
        started = float(os.read(gate, 64))
        if not order["pause_us"]:
            _hog()
        begin = started + plan["warm_s"]
        waits = _sleeper(order["work_us"] * 1000, order["pause_us"] * 1000, begin, begin + plan["seconds"])
        with os.fdopen(answer, "w") as stream:
            json.dump(waits, stream)
        os._exit(0)
    except OSError as error:
        os.write(ready, f"{error.strerror} (nice {order['nice']}, processor {plan['cpu']})\n".encode())
    os._exit(1)


class _Worker:
    """A worker as the leader sees it."""

    def __init__(self, plan: dict[str, Any], order: dict[str, int]) -> None:
        leader = os.getpid()
        gate, self._gate = os.pipe()
        self._ready, ready = os.pipe()
        self._answer, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _end_with(leader)
            _worker(plan, order, gate, ready, answer)
        for unused in (gate, ready, answer):
            os.close(unused)
        self._stat = os.open(f"/proc/{self.pid}/schedstat", os.O_RDONLY)
        self.sleeps = bool(order["pause_us"])

    def is_ready(self) -> str | None:
        """What keeps it from being ready; None if nothing does."""
        told = os.read(self._ready, 200)
        return None if told == b"." else told.decode().strip() or "it ended"

    def go(self, started: float) -> None:
        os.write(self._gate, repr(started).encode())

    def used(self) -> tuple[int, int]:
        return _schedstat(self._stat)

    def waits(self) -> list[int]:
        if not self.sleeps:
            return []
        with os.fdopen(self._answer) as stream:
            return list(json.load(stream))

    def group(self) -> str:
        try:
            with open(f"/proc/{self.pid}/autogroup", encoding="ascii") as file:  # noqa: PTH123 - starts faster
                return file.read().strip()
        except OSError:
            return ""

    def end(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def _processor_times(cpu: int) -> list[int]:
    """The processor's line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, … in clock ticks."""
    with open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123 - starts faster
        line = next(line for line in file if line.startswith(f"cpu{cpu} "))
    return [int(word) for word in line.split()[1:]]


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _take_precedence() -> None:
    """Where the kernel lets us, have it serve this session before others, so that the workers only have each other to wait for."""
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as file:  # noqa: PTH123 - starts faster
            file.write("-20")
    except OSError:
        pass  # not root, or sessions are not told apart: then others will be noticed in /proc/stat


def _lead(plan: dict[str, Any]) -> None:
    others = os.sched_getaffinity(0) - {plan["cpu"]}
    workers: list[_Worker] = []
    _take_precedence()
    try:
        workers += [_Worker(plan, order) for order in plan["workers"]]
        if others:
            os.sched_setaffinity(0, others)
        for worker in workers:
            if reason := worker.is_ready():
                _tell(error=reason)
                return
        started = time.monotonic()
        for worker in workers:
            worker.go(started)
        _tell(started=True)
        _sleep_until(started + plan["warm_s"])
        before, stat_before = [worker.used() for worker in workers], _processor_times(plan["cpu"])
        began = time.monotonic()
        _sleep_until(started + plan["warm_s"] + plan["seconds"])
        after, stat_after = [worker.used() for worker in workers], _processor_times(plan["cpu"])
        lasted = time.monotonic() - began
        _tell(
            lasted_s=lasted,
            ran_ns=[late[0] - early[0] for early, late in zip(before, after, strict=True)],
            waited_ns=[late[1] - early[1] for early, late in zip(before, after, strict=True)],
            processor=[late - early for early, late in zip(stat_before, stat_after, strict=True)],
            groups=[worker.group() for worker in workers],
            waits_ns=[worker.waits() for worker in workers],
        )
    finally:
        for worker in workers:
            worker.end()


def main() -> None:
    """Read the plan, carry it out."""
    plan = json.loads(sys.stdin.readline())
    _end_with(plan["parent"])
    signal.alarm(int(plan["warm_s"] + plan["seconds"]) + _MARGIN_S)
    try:
        _lead(plan)
    except OSError as error:  # such as a kernel without /proc/<pid>/schedstat
        _tell(error=str(error))


if __name__ == "__main__":
    main()
