"""What a schedule is worth: measures of tasks and of the whole, from the segments alone, in one pass.

Segments may come in any order in which each task's and each processor's are in order of time, so they can be counted as
they come, and forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.model import Summary, TaskMeasures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from climb.systems.scheduler.model import Segment, Task, Workload

__all__ = ["Tally", "measure"]


class _Progress:
    """How far a task is."""

    __slots__ = (
        "burst",
        "completion",
        "deadline",
        "jobs",
        "left",
        "missed",
        "release",
        "response",
        "running",
        "switches",
        "task",
        "total",
        "turnaround",
        "waiting",
    )  # fmt: skip

    def __init__(self, task: Task) -> None:
        self.task = task
        self.total = sum(task.bursts)
        self.deadline = task.deadline or task.period
        self.release = task.arrival
        self.burst = 0
        self.left = task.bursts[0]
        self.running = False  # whether the job under way has had its first tick
        self.completion = self.turnaround = self.waiting = self.response = self.switches = self.missed = self.jobs = 0

    def run(self, start: int, end: int) -> None:
        """Count a segment; it may go through the ends of bursts and of jobs."""
        now = start
        while now < end:
            if not self.running:
                self.running = True
                self.response = max(self.response, now - self.release)
            ticks = min(self.left, end - now)
            now += ticks
            self.left -= ticks
            if self.left == 0:
                self._end_burst(now)

    def _end_burst(self, now: int) -> None:
        self.burst += 2
        if self.burst > len(self.task.bursts):
            self.burst = 0
            self._end_job(now)
        self.left = self.task.bursts[self.burst]

    def _end_job(self, now: int) -> None:
        turnaround = now - self.release
        self.completion = now
        self.turnaround = max(self.turnaround, turnaround)
        self.waiting = max(self.waiting, turnaround - self.total)
        self.missed += self.deadline is not None and turnaround > self.deadline
        self.release += self.task.period or 0
        self.running = False
        self.jobs += 1


class Tally:
    """Counts segments; tasks are known by their place in the workload."""

    def __init__(self, workload: Workload) -> None:
        """Begin with none."""
        self._cpus = workload.cpus
        self._tasks = [_Progress(task) for task in workload.tasks]
        self._last = [-1] * workload.cpus
        self._busy = 0

    def add(self, cpu: int, task: int, start: int, end: int) -> None:
        """Count a segment."""
        progress = self._tasks[task]
        if self._last[cpu] != task:
            self._last[cpu] = task
            progress.switches += 1
        self._busy += end - start
        progress.run(start, end)

    def tasks(self) -> dict[str, TaskMeasures]:
        """Return what each task got so far."""
        return {
            each.task.id: TaskMeasures(
                completion=each.completion,
                turnaround=each.turnaround,
                waiting=each.waiting,
                response=each.response,
                switches=each.switches,
            )
            for each in self._tasks
        }

    def summary(self) -> Summary:
        """Return what the whole is worth; every task must have completed a job."""
        tasks = self._tasks
        count = len(tasks)
        makespan = max(each.completion for each in tasks)
        speeds = [each.total / each.turnaround for each in tasks]
        return Summary(
            makespan=makespan,
            throughput=sum(each.jobs for each in tasks) / makespan,
            utilization=self._busy / (makespan * self._cpus),
            mean_turnaround=sum(each.turnaround for each in tasks) / count,
            mean_waiting=sum(each.waiting for each in tasks) / count,
            mean_response=sum(each.response for each in tasks) / count,
            fairness=sum(speeds) ** 2 / (count * sum(speed * speed for speed in speeds)),
            switches=sum(each.switches for each in tasks),
            missed_deadlines=sum(each.missed for each in tasks),
        )


def measure(workload: Workload, segments: Iterable[Segment]) -> tuple[dict[str, TaskMeasures], Summary]:
    """Return the measures of a whole schedule."""
    numbers = {task.id: number for number, task in enumerate(workload.tasks)}
    tally = Tally(workload)
    for segment in segments:
        tally.add(segment.cpu, numbers[segment.task], segment.start, segment.end)
    return tally.tasks(), tally.summary()
