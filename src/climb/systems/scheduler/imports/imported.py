"""What a recording says in the emulator's words: a workload to be scheduled again, and the schedule that the kernel made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

import msgspec

from climb.systems.scheduler.imports.following import Counts, Followed, Recording
from climb.systems.scheduler.model import Segment, Task, Workload

__all__ = ["Imported", "imported"]

_NICE_0 = 120  # the kernel's priority of nice 0; 100 is nice -20, 139 is nice 19, and what is below is real time
_REAL_TIME_BELOW = 100


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A recording: ``workload`` to be run under any policy, and ``segments`` as they really were, in the same ticks."""

    workload: Workload
    tick_ns: int
    duration: int  # ticks from the beginning to the last event
    clock_s: float  # the recorder's clock at tick 0
    processors: tuple[int, ...]  # the machine's numbers of the processors 0, 1, …
    turns: dict[str, int]  # how often each task was put on a processor
    counts: Counts
    rounded_up: int  # bursts shorter than a tick that became one
    real_time: int  # tasks with a real-time priority
    left_out: int  # tasks that were not asked for
    recording: Recording
    ids: dict[int, str]

    def segments(self) -> Iterator[Segment]:
        """The actual schedule, in the order in which its segments ended. What is shorter than a tick may be missing."""
        index_of = {number: index for index, number in enumerate(self.processors)}
        began = self.recording.began
        for cpu, number, start, end in self.recording.stints():
            first, last = (start - began) // self.tick_ns, (end - began) // self.tick_ns
            if last > first and number in self.ids:
                yield Segment(cpu=index_of[cpu], task=self.ids[number], start=first, end=last)

    @property
    def actual(self) -> tuple[Segment, ...]:
        """The actual schedule, ordered by start, then processor."""
        return tuple(sorted(self.segments(), key=lambda each: (each.start, each.cpu)))


def imported(recording: Recording, *, tick_ns: int, only: str | None = None, rename: bool = False) -> Imported | None:
    """``recording`` in ticks of ``tick_ns``; None if no task of it, or none that matches ``only``, ran at all.

    ``only`` is a pattern for names, such as ``cc1*``; ``rename`` calls the tasks t1, t2, … in the order of their arrival.
    """
    tasks = [task for task in recording.tasks if only is None or _matches(task, only)]
    if not tasks:
        return None
    tasks.sort(key=lambda task: (task.arrival, task.number))
    ids = {task.number: name for task, name in zip(tasks, _names(tasks, rename=rename), strict=True)}
    bursts = [_bursts(task.bursts, tick_ns) for task in tasks]
    return Imported(
        workload=Workload(
            cpus=max(1, len(recording.cpus)),
            tasks=tuple(
                Task(
                    id=ids[task.number],
                    arrival=max(0, task.arrival - recording.began) // tick_ns,
                    bursts=each,
                    nice=_nice(task.prio),
                    priority=task.prio - _NICE_0,
                    tickets=_tickets(_nice(task.prio)),
                )
                for task, each in zip(tasks, bursts, strict=True)
            ),
        ),
        tick_ns=tick_ns,
        duration=(recording.ended - recording.began) // tick_ns,
        clock_s=(recording.clock_ns + recording.began) / 1e9,
        processors=tuple(sorted(recording.cpus)),
        turns={ids[task.number]: task.turns for task in tasks},
        counts=recording.counts,
        rounded_up=sum(_short(task.bursts, tick_ns) for task in tasks),
        real_time=sum(task.prio < _REAL_TIME_BELOW for task in tasks),
        left_out=len(recording.tasks) - len(tasks),
        recording=recording,
        ids=ids,
    )


def _matches(task: Followed, pattern: str) -> bool:
    return fnmatchcase(task.name, pattern) or fnmatchcase(f"{task.name}-{task.pid}", pattern)


def _names(tasks: Sequence[Followed], *, rename: bool) -> list[str]:
    """Names as in the kernel's traces, name-pid; a number that was used again gets a count."""
    if rename:
        return [f"t{number}" for number in range(1, len(tasks) + 1)]
    seen: Counter[str] = Counter()
    names = []
    for task in tasks:
        name = f"{task.name}-{task.pid}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def _bursts(times_ns: Iterable[int], tick_ns: int) -> tuple[int, ...]:
    """Times in ticks, each at least one. What rounding takes or gives is carried on, so that sums stay right."""
    carried = [0, 0]  # of work, of I/O
    ticks = []
    for index, ns in enumerate(times_ns):
        due = ns + carried[index % 2]
        whole = max(1, (due + tick_ns // 2) // tick_ns)
        carried[index % 2] = max(due - whole * tick_ns, -tick_ns)
        ticks.append(whole)
    return tuple(ticks)


def _short(times_ns: Iterable[int], tick_ns: int) -> int:
    return sum(ns < tick_ns for ns in times_ns)


def _nice(prio: int) -> int:
    """The nice value of a priority; real time, which is above all of them, becomes the strongest."""
    return max(-20, min(19, prio - _NICE_0))


def _tickets(nice: int) -> int:
    """Tickets in the proportions of the nice values: a quarter more for each step (kernel/sched/core.c)."""
    return max(1, round(100 * 1.25**-nice))
