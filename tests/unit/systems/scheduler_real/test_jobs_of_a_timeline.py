"""What single jobs waited, read from a timeline, and how times are spread."""

from __future__ import annotations

from climb.systems.scheduler.jobs import JobTimes, job_times
from climb.systems.scheduler.model import Segment, Task, Workload
from climb.systems.scheduler.percentiles import Spread, spread


def test_a_task_without_a_period_is_one_job() -> None:
    """Its times are those of the contract: waiting is turnaround without work and I/O."""
    workload = Workload(tasks=(Task(id="a", arrival=2, bursts=(3, 10, 1)),))

    times = list(job_times(workload, [Segment(0, "a", 5, 7), Segment(0, "a", 8, 9), Segment(0, "a", 20, 21)]))

    assert times == [JobTimes("a", release=2, turnaround=19, waiting=5, response=3)]


def test_each_job_of_a_periodic_task_counts() -> None:
    """Jobs run one after the other, so the work done tells them apart, even within one segment."""
    workload = Workload(tasks=(Task(id="a", bursts=(2,), period=3),), until=9)

    times = list(job_times(workload, [Segment(0, "a", 2, 6), Segment(0, "a", 7, 9)]))

    assert times == [
        JobTimes("a", release=0, turnaround=4, waiting=2, response=2),
        JobTimes("a", release=3, turnaround=3, waiting=1, response=1),
        JobTimes("a", release=6, turnaround=3, waiting=1, response=1),
    ]


def test_a_job_that_does_not_complete_is_left_out() -> None:
    """Half a job has no turnaround."""
    workload = Workload(tasks=(Task(id="a", bursts=(5,)),))

    assert list(job_times(workload, [Segment(0, "a", 0, 4)])) == []


def test_percentiles_are_values_that_occurred() -> None:
    """Nearest rank: the 90th percentile of ten values is the ninth."""
    assert spread(range(10, 110, 10)) == Spread(mean=55.0, p50=50, p90=90, p99=100, max=100)


def test_one_value_is_every_percentile() -> None:
    """Also of one job there is a 99th percentile."""
    assert spread([7]) == Spread(mean=7.0, p50=7, p90=7, p99=7, max=7)
