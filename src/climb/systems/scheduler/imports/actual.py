"""The schedule that the kernel made, as the document that the emulator writes, so that the same charts and scripts read it."""

from __future__ import annotations

from collections.abc import Iterable

from climb.systems.scheduler.imports.imported import Imported
from climb.systems.scheduler.model import Schedule, Segment, Summary, Task, TaskMeasures

__all__ = ["RECORDED", "actual_schedule"]

RECORDED = "recorded"  # stands where a schedule of ours names its policy


def actual_schedule(found: Imported) -> Schedule:
    """The recorded segments, and what each task got from its arrival to its last tick in the recording."""
    timeline = found.actual
    tasks = _measured(found, timeline)
    listed = [task for task in found.workload.tasks if task.id in tasks]
    makespan = max((each.completion for each in tasks.values()), default=0)
    used = sum(segment.end - segment.start for segment in timeline)
    speeds = [_speed(task, tasks[task.id]) for task in listed]
    count = max(1, len(listed))
    return Schedule(
        policy=RECORDED,
        timeline=timeline,
        tasks=tasks,
        summary=Summary(
            makespan=makespan,
            throughput=len(listed) / makespan if makespan else 0.0,
            utilization=used / (makespan * found.workload.cpus) if makespan else 0.0,
            mean_turnaround=sum(each.turnaround for each in tasks.values()) / count,
            mean_waiting=sum(each.waiting for each in tasks.values()) / count,
            mean_response=sum(each.response for each in tasks.values()) / count,
            fairness=_jain(speeds),
            switches=sum(each.switches for each in tasks.values()),
            missed_deadlines=0,
        ),
    )


def _measured(found: Imported, timeline: Iterable[Segment]) -> dict[str, TaskMeasures]:
    """Tasks of which every turn is shorter than a tick are not in the timeline, and have nothing to measure.

    A first turn counts for the response even if it is too short to be in the timeline.
    """
    last: dict[str, int] = {}
    for segment in timeline:
        last[segment.task] = max(segment.end, last.get(segment.task, 0))
    waited = {
        found.ids[each.number]: max(0, each.first_ran - each.arrival) // found.tick_ns
        for each in found.recording.tasks
        if each.number in found.ids
    }
    return {
        task.id: TaskMeasures(
            completion=last[task.id],
            turnaround=last[task.id] - task.arrival,
            waiting=max(0, last[task.id] - task.arrival - sum(task.bursts)),
            response=waited[task.id],
            switches=found.turns[task.id],
        )
        for task in found.workload.tasks
        if task.id in last
    }


def _speed(task: Task, got: TaskMeasures) -> float:
    return min(1.0, sum(task.bursts) / max(1, got.turnaround))


def _jain(speeds: list[float]) -> float:
    squares = sum(speed * speed for speed in speeds)
    return sum(speeds) ** 2 / (len(speeds) * squares) if squares else 1.0
