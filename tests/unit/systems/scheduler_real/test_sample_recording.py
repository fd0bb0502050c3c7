"""The recording that ships with the project."""

from __future__ import annotations

import itertools

from climb.systems.scheduler.imports import SAMPLE, read_sample
from climb.systems.scheduler.imports.actual import actual_schedule
from climb.systems.scheduler.recordings.record import KERNEL

SCENE = {
    "sh",
    "taskset",
    "nice",
    "timeout",
    "make",
    "gcc",
    "cc1",
    "as",
    "ld",
    "collect2",
    "gzip",
    "editor",
    "player",
    "perf-exec",
}


def test_it_holds_the_scene() -> None:
    """A compilation, a compression at nice 10, and two programs that sleep most of the time, on two processors."""
    found = read_sample()

    nice = {task.id.partition("-")[0]: task.nice for task in found.workload.tasks}
    assert (nice["cc1"], nice["gzip"], nice["editor"], nice["player"]) == (0, 10, 0, -5)
    assert found.workload.cpus == 2


def test_work_and_segments_agree() -> None:
    """At a tick of a microsecond nothing is rounded: bursts and segments are the same time, seen twice."""
    found = read_sample()

    work = sum(sum(task.bursts[::2]) for task in found.workload.tasks)
    ran = sum(segment.end - segment.start for segment in found.segments())
    assert 0 <= work - ran <= found.rounded_up


def test_no_processor_runs_two_tasks_at_once() -> None:
    """What was read is a schedule."""
    for cpu in (0, 1):
        own = [segment for segment in read_sample().actual if segment.cpu == cpu]

        assert all(before.end <= after.start for before, after in itertools.pairwise(own))


def test_the_response_does_not_hang_on_the_tick() -> None:
    """A first turn that is too short for the timeline counts: in longer ticks the responses are the same, rounded down."""
    exact = {name: got.response for name, got in actual_schedule(read_sample()).tasks.items()}
    rough = {name: got.response for name, got in actual_schedule(read_sample(tick_us=100)).tasks.items()}

    assert all(abs(response - exact[name] / 100) <= 1 for name, response in rough.items())


def test_it_names_no_foreign_program() -> None:
    """What else ran on the machine is called other, and the file is small."""
    names = {task.id.rpartition("-")[0] for task in read_sample().workload.tasks}

    assert {name for name in names if not KERNEL.match(name)} <= SCENE | {"other"}
    assert SAMPLE.stat().st_size < 300_000
