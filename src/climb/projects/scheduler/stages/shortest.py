"""Stage 3: shortest first, without and with taking the processor away."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import ComparesWholeBursts

__all__ = ["shortest"]

shortest = Stage(
    "shortest",
    "Shortest first",
    concepts=["scheduling", "preemption"],
    hints=[
        "At which ticks does `sjf` choose, and at which does `srtf`? What does each of them compare?",
        "`sjf` chooses only when the processor is idle. `srtf` also looks whenever a task becomes ready: it compares what is left of the running burst with the shortest "
        "ready one.",
        "Keep the ready tasks ordered by (ticks left, ready order). When a task becomes ready under `srtf`, subtract what the running one has run; if the ready one has "
        "fewer ticks left, put the running one back behind all that are ready, with what it has left. With equal ticks it runs on.",
    ],
)

_SJF = Family(policies=("sjf",), bursts=single(8), arrivals=range(12))
_SJF_CLOSE = Family(policies=("sjf",), bursts=single(5), arrivals=(0, 1, 2, 3), most=5)
_SRTF = Family(policies=("srtf",), bursts=single(12), arrivals=range(12), most=4)
_SRTF_CLOSE = Family(policies=("srtf",), bursts=single(6), arrivals=range(6), most=3)


@shortest.check
async def the_shortest_burst_first(scheduler: Scheduler, world: World) -> None:
    """sjf: of the ready tasks the one with the shortest burst runs."""
    await follow_the_rules(scheduler, world, Variant(_SJF, wants=("key decides",), avoids=("tie", "better waits")))


@shortest.check
async def to_the_end_of_its_burst(scheduler: Scheduler, world: World) -> None:
    """sjf: a task runs until its burst ends, even if a shorter one becomes ready."""
    await follow_the_rules(scheduler, world, Variant(_SJF, wants=("better waits",), avoids=("tie", "key decides")))


@shortest.check
async def equal_bursts_in_ready_order(scheduler: Scheduler, world: World) -> None:
    """sjf: of equal bursts the one that has been ready longer runs."""
    await follow_the_rules(
        scheduler, world, Variant(_SJF_CLOSE, wants=("tie",), avoids=("better waits", "key decides"))
    )


@shortest.check
async def a_shorter_one_replaces(scheduler: Scheduler, world: World) -> None:
    """srtf: a task that becomes ready with fewer ticks left takes the processor at that tick."""
    await follow_the_rules(
        scheduler, world, Variant(_SRTF, wants=("replace",), avoids=("tie", "even", ComparesWholeBursts))
    )


@shortest.check
async def what_is_left_counts(scheduler: Scheduler, world: World) -> None:
    """srtf: what is left of a burst counts, not how long it was at first; a task with as many ticks left does not replace."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_SRTF, wants=(ComparesWholeBursts,), avoids=("tie", "even", "replace")),
        Variant(_SRTF_CLOSE, wants=("even",), avoids=("tie", "replace")),
    )
