"""Measures, counted by hand."""

from __future__ import annotations

import pytest

from climb.systems.scheduler.measures import measure
from climb.systems.scheduler.model import Segment, Summary, Task, TaskMeasures, Workload


def test_measures_of_tasks_and_of_the_whole() -> None:
    """Two tasks on two processors, one with I/O; each number was counted by hand."""
    workload = Workload(
        tasks=(Task(id="A", bursts=(2, 3, 2)), Task(id="B", bursts=(4,), arrival=1, deadline=4)), cpus=2
    )
    parts = [Segment(0, "A", 0, 2), Segment(0, "B", 2, 6), Segment(1, "A", 6, 8)]

    tasks, summary = measure(workload, parts)

    assert tasks == {
        "A": TaskMeasures(completion=8, turnaround=8, waiting=1, response=0, switches=2),
        "B": TaskMeasures(completion=6, turnaround=5, waiting=1, response=1, switches=1),
    }
    assert summary == Summary(
        makespan=8,
        throughput=0.25,
        utilization=0.5,
        mean_turnaround=6.5,
        mean_waiting=1.0,
        mean_response=0.5,
        fairness=pytest.approx((7 / 8 + 4 / 5) ** 2 / (2 * ((7 / 8) ** 2 + (4 / 5) ** 2))),
        switches=3,
        missed_deadlines=1,
    )


def test_jobs_that_touch_are_counted_one_by_one() -> None:
    """A segment that goes through the end of a job counts for both: turnarounds 4 and 5 from releases 0 and 3."""
    workload = Workload(tasks=(Task(id="A", bursts=(4,), period=3),), until=4)

    tasks, summary = measure(workload, [Segment(0, "A", 0, 8)])

    assert tasks["A"] == TaskMeasures(completion=8, turnaround=5, waiting=1, response=1, switches=1)
    assert (summary.throughput, summary.missed_deadlines) == (0.25, 2)


def test_a_task_that_goes_on_after_a_pause_is_no_switch() -> None:
    """A processor that begins the task that it ran last makes no context switch."""
    workload = Workload(tasks=(Task(id="A", bursts=(2, 5, 1)),))

    tasks, _ = measure(workload, [Segment(0, "A", 0, 2), Segment(0, "A", 7, 8)])

    assert tasks["A"].switches == 1
