"""Demands on the reported measures, each against the program's own timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from climb.judge.difference import show
from climb.judge.evidence import Comparison, Timeline as Chart
from climb.judge.expect import Failure
from climb.judge.world import World
from climb.projects.scheduler.rules.facts import first_broken_fact
from climb.projects.scheduler.rules.measures import Measured, measure
from climb.projects.scheduler.rules.picture import drawn
from climb.projects.scheduler.schedule import Schedule, Scheduler
from climb.projects.scheduler.stages.draws import Variant, cases
from climb.projects.scheduler.stages.judged import hold_the_rules
from climb.projects.scheduler.workload import Options

__all__ = ["SUMMARY", "TASK", "hold_the_measures", "report_the_measures"]

TASK = ("completion", "turnaround", "waiting", "response", "switches")
SUMMARY = (
    "makespan", "throughput", "utilization", "mean_turnaround", "mean_waiting", "mean_response", "fairness", "switches",
    "missed_deadlines",
)  # fmt: skip
_WHOLE = ("makespan", "switches", "missed_deadlines")
_CLOSE = 0.001  # the brief's "right if they differ by less than"


async def report_the_measures(
    scheduler: Scheduler,
    world: World,
    variant: Variant,
    *,
    task: Sequence[str] = (),
    summary: Sequence[str] = (),
    why: str,
    most: int = 4,
) -> None:
    """In each of several workloads the named fields of the tasks and of the summary are what the timeline says."""
    for workload, options in cases(world.draw, variant, most=most):
        schedule = await scheduler(workload, options)
        hold_the_measures(schedule, options, task=task, summary=summary, why=why)


def hold_the_measures(
    schedule: Schedule, options: Options, *, task: Sequence[str] = (), summary: Sequence[str] = (), why: str
) -> None:
    """The reported fields are what the schedule's own timeline says."""
    if first_broken_fact(schedule.workload, schedule.timeline) is not None:
        hold_the_rules(schedule, options)
    measured = measure(schedule.workload, schedule.timeline)
    for one in schedule.workload.tasks:
        reported = schedule.measures(one.id) if task else {}
        for field in task:
            if not _same(reported.get(field), measured.tasks[one.id][field], whole=True):
                _wrong(schedule, measured, one.id, field, reported, why)
    for field in summary:
        if not _same(schedule.summary.get(field), float(measured.summary[field]), whole=field in _WHOLE):
            _wrong(schedule, measured, "", field, schedule.summary, why)


def _same(reported: object, value: float, *, whole: bool) -> bool:
    if isinstance(reported, bool) or not isinstance(reported, int | float):
        return False
    return reported == value if whole else abs(reported - value) < _CLOSE


def _wrong(
    schedule: Schedule, measured: Measured, task: str, field: str, reported: dict[str, object], why: str
) -> NoReturn:
    name = f"{field} of {task}" if task else f"{field} in the summary"
    value = measured.tasks[task][field] if task else measured.summary[field]
    # A shrunk workload may have other tasks, so the finding is told apart by its field alone.
    raise Failure(
        field,
        Comparison(
            subject=name,
            expected=str(value) if task or field in _WHOLE else f"{float(value):.4f}",
            received=show(reported[field]) if field in reported else "nothing: the key is absent",
            why=f"By your own timeline: {measured.formulas[task, field]}. {why}",
        ),
        Chart(subject="your timeline", unit="ticks", rows=drawn(schedule.timeline)),
    )
