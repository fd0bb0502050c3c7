"""Demands on a schedule, with what the report needs to explain them."""

from __future__ import annotations

from climb.judge.evidence import Comparison
from climb.judge.expect import Failure
from climb.judge.world import World
from climb.projects.scheduler.rules import by_the_rules, find_broken
from climb.projects.scheduler.rules.picture import chart, table
from climb.projects.scheduler.schedule import Schedule, Scheduler
from climb.projects.scheduler.stages.draws import Variant, cases
from climb.projects.scheduler.workload import Options

__all__ = ["follow_the_rules", "hold_the_rules"]


async def follow_the_rules(scheduler: Scheduler, world: World, *variants: Variant, most: int = 6) -> None:
    """Each of several workloads is scheduled by the rules."""
    for workload, options in cases(world.draw, *variants, most=most):
        hold_the_rules(await scheduler(workload, options), options)


def hold_the_rules(schedule: Schedule, options: Options) -> None:
    """The timeline keeps every rule; fails with the first moment at which one was broken."""
    workload, timeline = schedule.workload, schedule.timeline
    broken = find_broken(workload, options, timeline)
    if broken is None:
        return
    finding, machine = broken
    raise Failure(
        finding.broken.value,
        Comparison(
            subject=f"{finding.broken.value}, at t={finding.moment}",
            expected=finding.expected,
            received=finding.received,
            why=finding.why,
        ),
        chart(finding, timeline, by_the_rules(workload, options)),
        table(finding, machine),
    )
