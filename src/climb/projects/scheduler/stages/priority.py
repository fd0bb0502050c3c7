"""Stage 8: priority, and aging against starvation."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import AgingWhileRunning, PicksByPriority, WaitsAddUp

__all__ = ["priority"]

priority = Stage(
    "priority",
    "Priority and aging",
    concepts=["convoy-and-starvation", "priority-inversion"],
    hints=[
        "With aging, who becomes more urgent from one tick to the next, and who stays as urgent as before?",
        "A task's rank is fixed while it runs and falls by one a tick while it waits. So a replacement can be due at a tick at which nothing else happens: compute that tick, "
        "and let the clock stop there.",
        "Rank of a ready task at t: priority × N − (t − the tick at which it last became ready). Keep the rank of a running task as it was when it was picked. The next tick to look "
        "at is now + (smallest ready rank − rank of the running task) + 1. Whoever is replaced becomes ready anew and has waited 0.",
    ],
)

_PRIORITIES = tuple({"priority": number} for number in (0, 1, 2, -1, -2, 3))
_PLAIN = Family(policies=("priority",), bursts=single(8), arrivals=range(10), extras=_PRIORITIES, most=4)
_AGES = tuple({"aging": ticks} for ticks in (1, 2, 3, 5, 8))
_AGING = Family(policies=("priority",), bursts=single(12), arrivals=range(6), extras=_PRIORITIES, options=_AGES, most=3)
_PICKS = Family(
    policies=("priority",), bursts=single(3), arrivals=range(4), extras=_PRIORITIES, options=_AGES[:3], most=5
)
_AGAIN = Family(
    policies=("priority",), bursts=with_io(6, 3), arrivals=range(4), extras=_PRIORITIES, options=_AGES, most=3
)


@priority.check
async def the_most_urgent_runs(scheduler: Scheduler, world: World) -> None:
    """Of the ready tasks the one with the smallest number as its priority runs, and takes the processor from a less urgent one."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_PLAIN, wants=("key decides",), avoids=("tie", "even", "replace")),
        Variant(_PLAIN, wants=("replace",), avoids=("tie", "even")),
    )


@priority.check
async def equal_does_not_replace(scheduler: Scheduler, world: World) -> None:
    """A ready task that is as urgent as the running one waits."""
    await follow_the_rules(scheduler, world, Variant(_PLAIN, wants=("even",), avoids=("tie", "key decides", "replace")))


@priority.check
async def waiting_makes_urgent(scheduler: Scheduler, world: World) -> None:
    """With --aging each tick of waiting lowers the rank, while that of a running task stays; so it may be replaced when nothing else happens."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_PICKS, wants=(PicksByPriority,), avoids=("replace",)),
        Variant(_AGING, wants=("quiet replacement",), avoids=("tie", WaitsAddUp)),
        Variant(_AGING, wants=(AgingWhileRunning,), avoids=("tie", WaitsAddUp)),
    )


@priority.check
async def waiting_counts_from_becoming_ready(scheduler: Scheduler, world: World) -> None:
    """What a task waited before an earlier turn or its I/O counts no more."""
    await follow_the_rules(scheduler, world, Variant(_AGAIN, wants=(WaitsAddUp,), avoids=(AgingWhileRunning,)))
