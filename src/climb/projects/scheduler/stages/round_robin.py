"""Stage 4: round robin. The slice, and what happens at the tick at which it ends."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, cases, single
from climb.projects.scheduler.stages.judged import follow_the_rules, hold_the_rules
from climb.projects.scheduler.stages.worth import hold_the_measures

__all__ = ["round_robin"]

round_robin = Stage(
    "round-robin",
    "Round robin",
    concepts=["preemption", "run-queues"],
    hints=[
        "At the tick at which a slice ends, another task arrives. Who stands first in the ready order then?",
        "Do what happens at one tick in the order of the brief: end bursts, let tasks become ready, end slices, choose. The rest follows from that order.",
        "When a task is picked, its slice ends at the tick at which it begins plus the quantum. At that tick first add all arrivals to the queue, then the task itself, "
        "behind them. Then pick the first; if the queue was empty, that is the same task again, with a new slice and without a switch.",
    ],
)

_QUANTA: tuple[dict[str, int], ...] = ({}, *({"given_quantum": ticks} for ticks in (1, 2, 3, 5, 6)))
_TOGETHER = Family(policies=("rr",), bursts=single(14), arrivals=(0,), options=_QUANTA, most=4)
_SPREAD = Family(policies=("rr",), bursts=single(14), arrivals=range(10), options=_QUANTA, most=2)
_ON_TIME = Family(
    policies=("rr",),
    bursts=single(11),
    arrivals=(0, 4, 2, 8, 6),
    options=({"given_quantum": 4}, {"given_quantum": 2}),
    most=2,
)


@round_robin.check
async def a_turn_lasts_one_quantum(scheduler: Scheduler, world: World) -> None:
    """Each turn lasts at most one quantum, 4 ticks by default; then the task stands behind all that are ready."""
    await follow_the_rules(
        scheduler, world, Variant(_TOGETHER, wants=("slice ends",), avoids=("burst ends with slice", "again at once"))
    )


@round_robin.check
async def arrivals_go_before_ended_slices(scheduler: Scheduler, world: World) -> None:
    """A task that arrives at the tick at which a slice ends stands before the task whose slice it was."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_ON_TIME, wants=("ready meets slice end",), avoids=("burst ends with slice", "again at once")),
    )


@round_robin.check
async def a_burst_that_ends_with_its_slice(scheduler: Scheduler, world: World) -> None:
    """A burst that ends at the tick at which its slice ends has ended, and its task is not ready again."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_SPREAD, wants=("burst ends with slice",), avoids=("ready meets slice end", "again at once")),
    )


@round_robin.check
async def alone_it_goes_on(scheduler: Scheduler, world: World) -> None:
    """A task that is alone when its slice ends goes on at once with a new slice, and that is no context switch."""
    alone = Variant(_SPREAD, wants=("again at once",), avoids=("ready meets slice end", "burst ends with slice"))
    for workload, options in cases(world.draw, alone, most=5):
        schedule = await scheduler(workload, options)
        hold_the_rules(schedule, options)
        hold_the_measures(
            schedule,
            options,
            task=("switches",),
            why="A processor that goes on with the task that it ran last has nothing to switch.",
        )
