"""The same workers in the emulator: what share each one gets, and how long each wake-up waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from climb.systems.scheduler.model import Options, Policy, Segment, Task, Workload
from climb.systems.scheduler.validate.machine import Kernel, cfs_defaults_us
from climb.systems.scheduler.validate.scenarios import Worker

__all__ = ["TICK_US", "Emulated", "emulate", "options_for", "read_timeline", "workload_for"]

TICK_US = 100


class Emulated(msgspec.Struct, frozen=True):
    """In ticks, for each worker in order: what it ran in the time that counts, and how long its wake-ups waited."""

    ran: tuple[int, ...]
    waits: tuple[tuple[int, ...], ...]


def emulate(workers: Sequence[Worker], options: Options, *, warm_s: float, seconds: float) -> Emulated:
    """Schedule ``workers`` on one processor; what happens in the first ``warm_s`` does not count."""
    from climb.systems.scheduler import segments  # compiled code, which takes its time to load

    begin = _ticks(warm_s * 1e6)
    end = begin + _ticks(seconds * 1e6)
    return read_timeline(workers, segments(workload_for(workers, end), options), begin, end)


def workload_for(workers: Sequence[Worker], end: int) -> Workload:
    """One task for each worker, with enough to do until tick ``end``."""
    return Workload(
        tasks=tuple(
            Task(id=f"{number} {worker.name}", bursts=_bursts(worker, end), nice=worker.nice)
            for number, worker in enumerate(workers)
        )
    )


def options_for(policy: Policy, kernel: Kernel, cpus: int) -> Options:
    """The kernel's settings in ticks. That it notices the end of a slice only at its next timer tick is not emulated."""
    latency_us, granularity_us = cfs_defaults_us(cpus)
    return Options(
        policy=policy,
        quantum=_ticks(kernel.slice_us),
        latency=_ticks(latency_us),
        granularity=_ticks(granularity_us),
    )


def read_timeline(workers: Sequence[Worker], timeline: Iterable[Segment], begin: int, end: int) -> Emulated:
    """What a timeline, ordered by start, says about the ticks from ``begin`` to ``end``."""
    ran = [0] * len(workers)
    waits: list[list[int]] = [[] for _ in workers]
    burst = [_ticks(worker.work_us) for worker in workers]
    left = burst.copy()
    ready: list[int | None] = [None] * len(workers)
    for segment in timeline:
        if segment.start >= end:
            break
        who = int(segment.task.partition(" ")[0])
        ran[who] += max(0, min(segment.end, end) - max(segment.start, begin))
        if not workers[who].pause_us:
            continue
        woken = ready[who]
        if woken is not None:
            if segment.start >= begin:
                waits[who].append(segment.start - woken)
            ready[who] = None
        left[who] -= segment.end - segment.start
        if left[who] <= 0:
            left[who] = burst[who]
            ready[who] = segment.end + _ticks(workers[who].pause_us)
    return Emulated(ran=tuple(ran), waits=tuple(map(tuple, waits)))


def _bursts(worker: Worker, end: int) -> tuple[int, ...]:
    if not worker.pause_us:
        return (end,)
    work, pause = _ticks(worker.work_us), _ticks(worker.pause_us)
    return (*(work, pause) * (end // (work + pause) + 1), work)


def _ticks(us: float) -> int:
    return max(1, round(us / TICK_US))
