"""What processes use while a side works: processor time, and memory with shared pages counted once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

__all__ = ["Used", "watched"]

EVERY_S = 0.2


@dataclass
class Used:
    """What was used between the beginning and the end of the block."""

    cpu_s: float = 0.0
    peak_mib: float = 0.0
    memory_mib: tuple[float, ...] = ()


@contextlib.contextmanager
def watched(pids: Sequence[int]) -> Iterator[Used]:
    """Watch these processes and all below them; the numbers are there when the block has ended."""
    used, done = Used(), threading.Event()
    samples: list[float] = []

    def sample() -> None:
        while not done.wait(EVERY_S):
            samples.append(_memory_mib(pids))

    before = _cpu_s(pids)
    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    try:
        yield used
    finally:
        used.cpu_s = _cpu_s(pids) - before
        done.set()
        watcher.join()
        samples.append(_memory_mib(pids))
        used.memory_mib, used.peak_mib = tuple(samples), max(samples)


def _family(pids: Sequence[int]) -> Iterator[psutil.Process]:
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))


def _cpu_s(pids: Sequence[int]) -> float:
    total = 0.0
    for process in _family(pids):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _memory_mib(pids: Sequence[int]) -> float:
    """The proportional share of all pages (PSS), so that what workers share counts once."""
    total = 0
    for process in _family(pids):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total / 2**20
