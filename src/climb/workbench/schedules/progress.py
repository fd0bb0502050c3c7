"""How far each task is, from its turns alone: what is left of its burst, and whether that burst was its last."""

from __future__ import annotations

from typing import NamedTuple

from climb.systems.scheduler.model import Workload

__all__ = ["After", "Progress"]


class After(NamedTuple):
    """After a turn: ticks left of the burst, ticks that the turn had of it, whether it ended, and whether with it the job."""

    left: int
    since: int
    burst_ended: bool
    job_ended: bool


class Progress:
    """Follows the tasks of a workload."""

    def __init__(self, workload: Workload) -> None:
        self._tasks = workload.tasks
        self._burst = [0] * len(workload.tasks)
        self._left = [task.bursts[0] for task in workload.tasks]

    def ran(self, task: int, ticks: int) -> After:
        """Take note of a turn, which may go on from one job to the next. Turns of one task come in the order of time."""
        job_ended = False
        while ticks >= self._left[task]:
            ran = self._left[task]
            ticks -= ran
            job_ended = self._next_burst(task)
            if not ticks:
                return After(0, ran, burst_ended=True, job_ended=job_ended)
        self._left[task] -= ticks
        return After(self._left[task], ticks, burst_ended=False, job_ended=False)

    def _next_burst(self, task: int) -> bool:
        """Each job of a periodic task begins with the first burst again; whether one does."""
        bursts = self._tasks[task].bursts
        self._burst[task] = (self._burst[task] + 2) % (len(bursts) + 1)
        self._left[task] = bursts[self._burst[task]]
        return self._burst[task] == 0
