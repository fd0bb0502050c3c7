"""What holds for every schedule, whatever the policy; and that slices may be skipped when nobody else is there."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from climb.systems.scheduler import schedule, segments, traced
from climb.systems.scheduler.model import POLICIES, Options, Policy, Schedule, Segment, Task, Workload

_TICKS = st.integers(1, 12)


_TASKS = st.lists(
    st.builds(
        Task,
        id=st.just(""),
        bursts=st.lists(_TICKS, min_size=1, max_size=5).map(lambda ticks: tuple(ticks[: (len(ticks) - 1) | 1])),
        arrival=st.integers(0, 20),
        priority=st.integers(-2, 2),
        nice=st.sampled_from([-20, -5, 0, 0, 5, 19]),
        tickets=st.sampled_from([1, 50, 100, 1000]),
        period=st.none() | st.integers(5, 40),
    ),
    min_size=1,
    max_size=6,
).map(lambda tasks: tuple(msgspec.structs.replace(task, id=f"t{number}") for number, task in enumerate(tasks)))


_WORKLOADS = st.builds(
    Workload,
    tasks=_TASKS,
    cpus=st.integers(1, 4),
    switch_cost=st.integers(0, 3),
    migration_cost=st.integers(0, 2),
    until=st.integers(1, 80),
)
_OPTIONS = st.builds(
    Options,
    policy=st.sampled_from(POLICIES),
    quantum=st.integers(1, 6),
    aging=st.integers(0, 3),
    levels=st.integers(1, 4),
    allotment=st.none() | st.integers(1, 8),
    boost=st.integers(0, 20),
    latency=st.integers(1, 30),
    granularity=st.integers(1, 6),
    queues=st.sampled_from(["global", "per-cpu"]),
)
_quickly = settings(max_examples=100, deadline=None, derandomize=True)


def _plain(workload: Workload, options: Options) -> Schedule:
    return schedule(workload, options, engine="plain")


def _work(workload: Workload, task: Task) -> int:
    jobs = max(1, math.ceil((workload.until - task.arrival) / task.period)) if task.period else 1
    return jobs * sum(task.bursts[::2])


@_quickly
@given(_WORKLOADS, _OPTIONS)
def test_each_task_gets_exactly_its_ticks(workload: Workload, options: Options) -> None:
    """All segments of a task together are as long as the work of all its jobs."""
    made = _plain(workload, options)

    for task in workload.tasks:
        assert sum(part.end - part.start for part in made.timeline if part.task == task.id) == _work(workload, task)


@_quickly
@given(_WORKLOADS, _OPTIONS)
def test_nothing_overlaps(workload: Workload, options: Options) -> None:
    """A processor runs one task at a time, and a task is on one processor at a time."""
    made = _plain(workload, options)

    for lane in [*({part.cpu for part in made.timeline}), *(task.id for task in workload.tasks)]:
        parts = [part for part in made.timeline if lane in (part.cpu, part.task)]
        assert all(before.end <= after.start for before, after in pairwise(parts))


@_quickly
@given(_WORKLOADS, _OPTIONS)
def test_segments_that_touch_are_one(workload: Workload, options: Options) -> None:
    """No segment goes on where another of the same task ended on the same processor."""
    made = _plain(workload, options).timeline
    ends = {(part.cpu, part.task, part.end) for part in made}

    assert not [part for part in made if (part.cpu, part.task, part.start) in ends]


@_quickly
@given(_WORKLOADS, _OPTIONS)
def test_no_processor_idles_while_a_task_waits(workload: Workload, options: Options) -> None:
    """Without costs, a task that was ready before it began had to wait because all processors were busy."""
    free = Workload(tasks=workload.tasks, cpus=workload.cpus, until=workload.until)
    told = list(traced(free, options, engine="plain"))

    for part in told:
        for tick in range(part.ready_since, part.start):
            assert sum(other.start <= tick < other.end for other in told) == free.cpus


@_quickly
@given(_WORKLOADS, _OPTIONS)
def test_the_stream_is_the_schedule(workload: Workload, options: Options) -> None:
    """``segments`` yields the timeline, in the order in which segments end."""
    streamed = list(segments(workload, options, engine="plain"))

    assert streamed == sorted(streamed, key=lambda part: (part.end, part.cpu))
    assert sorted(streamed, key=lambda part: (part.start, part.cpu)) == list(_plain(workload, options).timeline)


@_quickly
@given(_WORKLOADS, _OPTIONS)
def test_the_story_is_that_of_the_schedule(workload: Workload, options: Options) -> None:
    """``traced`` tells of the same segments, and none began before its task was ready."""
    told = list(traced(workload, options, engine="plain"))

    assert [Segment(part.cpu, part.task, part.start, part.end) for part in told] == list(
        segments(workload, options, engine="plain")
    )
    assert all(part.ready_since <= part.start for part in told)


@pytest.mark.parametrize("policy", ["rr", "stride", "cfs", "eevdf"])
@pytest.mark.parametrize("cpus", [1, 3])
def test_slices_that_change_nothing_are_skipped(policy: Policy, cpus: int) -> None:
    """With nobody else ready, a burst of 10⁹ ticks in slices of one is one step; what comes after is as if all were taken."""

    def play(scale: int) -> list[tuple[str, int, int]]:
        tasks = [Task(id=f"t{n}", bursts=(scale + 40 + n,), nice=n) for n in range(cpus)]
        tasks.append(Task(id="late", bursts=(7, 3, 7), arrival=scale))
        options = Options(policy=policy, quantum=1, latency=1, granularity=1)
        made = schedule(Workload(tasks=tuple(tasks), cpus=cpus), options, engine="plain")
        return [(part.task, part.start - scale, part.end - scale) for part in made.timeline if part.start > scale]

    assert play(10**9)[:20] == play(1000)[:20]


def test_skipped_draws_are_drawn() -> None:
    """A lone task's slices take their numbers from the generator: the 10,000th from seed 1 is 399268537."""
    from climb.systems.scheduler.policies import lottery

    number = 1
    for _ in range(9_999):
        number = lottery.MULTIPLIER * number % lottery.MODULUS

    assert lottery._after(1, 9_999) == number
    assert lottery._after(1, 10_000) == 399268537


def test_skipping_draws_is_as_drawing() -> None:
    """What a lottery does after a stretch with one task depends on how many slices that had."""
    tasks = (Task(id="A", bursts=(40,)), Task(id="B", bursts=(30,), arrival=10), Task(id="C", bursts=(30,), arrival=10))
    made = schedule(Workload(tasks=tasks), Options(policy="lottery", quantum=2), engine="plain")
    number, left, told = 1, {"A": 40, "B": 30, "C": 30}, []
    for tick in range(0, 100, 2):
        ready = [name for name in sorted(left) if left[name] and (name == "A" or tick >= 10)]
        number = 48271 * number % 2147483647
        winner = ready[number % (100 * len(ready)) // 100]
        left[winner] -= 2
        told += [winner] * 2

    assert [part.task for part in made.timeline for _ in range(part.start, part.end)] == told
