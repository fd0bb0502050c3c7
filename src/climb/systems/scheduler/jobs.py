"""The jobs of a schedule: what each one waited, read from the timeline, so that jobs of periodic tasks count singly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from climb.systems.scheduler.model import Segment, Task, Workload

__all__ = ["JobTimes", "job_times"]


class JobTimes(msgspec.Struct, frozen=True):
    """One completed job: when it was released, and what it got, in ticks from there."""

    task: str
    release: int
    turnaround: int
    waiting: int
    response: int


def job_times(workload: Workload, timeline: Iterable[Segment]) -> Iterator[JobTimes]:
    """Each job that completes in ``timeline``, which is ordered by start; jobs that do not complete are left out."""
    books = {task.id: _Book(task) for task in workload.tasks}
    for segment in timeline:
        yield from books[segment.task].enter(segment)


class _Book:
    """What one task has run. Its jobs run one after the other, so its work tells which job a tick belongs to."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._work = sum(task.bursts[::2])
        self._whole = sum(task.bursts)
        self._release = task.arrival
        self._first: int | None = None
        self._left = self._work

    def enter(self, segment: Segment) -> Iterator[JobTimes]:
        at = segment.start
        while at < segment.end:
            if self._first is None:
                self._first = at
            ran = min(segment.end - at, self._left)
            at += ran
            self._left -= ran
            if not self._left:
                yield self._completed(at, self._first)

    def _completed(self, at: int, first: int) -> JobTimes:
        turnaround = at - self._release
        times = JobTimes(
            task=self._task.id,
            release=self._release,
            turnaround=turnaround,
            waiting=turnaround - self._whole,
            response=first - self._release,
        )
        self._release += self._task.period or 0
        self._first, self._left = None, self._work
        return times
