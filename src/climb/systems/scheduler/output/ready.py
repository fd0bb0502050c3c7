"""How many tasks are ready at each moment, read from a timeline while it passes, in memory that grows with the tasks only."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from climb.systems.scheduler.model import Segment, Task, Workload

__all__ = ["Count", "ReadyCounter", "by_start"]


class Count(NamedTuple):
    """From this tick on so many tasks are ready, those included to which a processor is switching."""

    tick: int
    ready: int


def by_start(segments: Iterable[Segment], cpus: int) -> Iterator[Segment]:
    """Segments of which each processor's are in order, ordered by start among all processors.

    One is held back until no processor can come with an earlier one: while another one runs something long, or idles.
    """
    held: list[tuple[int, int, Segment]] = []
    ends = [0] * cpus
    for segment in segments:
        heapq.heappush(held, (segment.start, segment.cpu, segment))
        ends[segment.cpu] = segment.end
        while held and held[0][0] < min(ends):
            yield heapq.heappop(held)[2]
    while held:
        yield heapq.heappop(held)[2]


class ReadyCounter:
    """Is told every segment, ordered by start; gives the counts up to there, one for each tick at which it changed."""

    def __init__(self, workload: Workload) -> None:
        self._tasks = {task.id: _Progress(task, workload.until) for task in workload.tasks}
        self._coming = [task.arrival for task in workload.tasks]  # the ticks at which somebody becomes ready
        heapq.heapify(self._coming)
        self._now = 0
        self._ready = 0
        self._told = 0

    def enter(self, segment: Segment) -> Iterator[Count]:
        """The counts that are certain now that this segment is known."""
        yield from self._up_to(segment.start)
        self._ready -= 1
        again = self._tasks[segment.task].run(segment.start, segment.end)
        if again is not None:
            heapq.heappush(self._coming, again)

    def finish(self) -> Iterator[Count]:
        """What is left when there are no more segments."""
        while self._coming:
            yield from self._up_to(self._coming[0])
        yield from self._told_now()

    def _up_to(self, tick: int) -> Iterator[Count]:
        while self._coming and self._coming[0] <= tick:
            at = heapq.heappop(self._coming)
            if at > self._now:
                yield from self._told_now()
                self._now = at
            self._ready += 1
        if tick > self._now:
            yield from self._told_now()
            self._now = tick

    def _told_now(self) -> Iterator[Count]:
        if self._ready != self._told:
            self._told = self._ready
            yield Count(self._now, self._ready)


class _Progress:
    """How far a task is in its bursts and jobs."""

    def __init__(self, task: Task, until: int | None) -> None:
        self._task = task
        self._until = until
        self._release = task.arrival
        self._burst = 0
        self._left = task.bursts[0]

    def run(self, start: int, end: int) -> int | None:
        """Take a segment along; the tick at which the task is ready again, None if it is finished."""
        at = start
        while True:
            ran = min(end - at, self._left)
            at += ran
            self._left -= ran
            again = at if self._left else self._after_burst(at)
            if again is None or at == end:
                return again

    def _after_burst(self, at: int) -> int | None:
        bursts = self._task.bursts
        if self._burst + 1 < len(bursts):
            ready = at + bursts[self._burst + 1]
            self._burst += 2
        else:
            if self._task.period is None or self._release + self._task.period >= (self._until or 0):
                return None
            self._release += self._task.period
            ready = max(at, self._release)
            self._burst = 0
        self._left = bursts[self._burst]
        return ready
