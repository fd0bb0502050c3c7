"""Stage 6: what a context switch costs, and when."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, cases, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules, hold_the_rules
from climb.projects.scheduler.stages.worth import hold_the_measures

__all__ = ["switches"]

switches = Stage(
    "switches",
    "What a switch costs",
    concepts=["context-switches", "preemption"],
    hints=[
        "Between picking a task and its first tick, who has the processor? What may happen in the meantime, and what not?",
        "Keep two ticks for a running task: when it was picked and when it begins. Its burst and its slice count from the second; that the processor is taken holds from "
        "the first.",
        "On picking compare with the task that this processor ran last: the same one begins at once, any other after `switch_cost` ticks. Until it has run one tick nothing "
        "replaces it; at the tick after its begin ask the policy again whether a ready task should.",
    ],
)

_COSTS = tuple({"switch_cost": ticks} for ticks in (1, 2, 3))
_FCFS = Family(policies=("fcfs",), bursts=single(6), arrivals=range(16), machines=_COSTS, most=5)
_SJF = Family(policies=("sjf",), bursts=single(8), arrivals=range(6), machines=_COSTS, most=4)
_PAUSES = Family(policies=("fcfs",), bursts=with_io(4, 5), arrivals=(0,), machines=_COSTS, most=1)
_RR = Family(
    policies=("rr",),
    bursts=single(9),
    arrivals=(0, 1, 2),
    machines=_COSTS,
    options=tuple({"given_quantum": ticks} for ticks in (2, 1, 3)),
    most=4,
)
_SRTF = Family(policies=("srtf",), bursts=single(9), arrivals=range(8), machines=_COSTS, most=3)


@switches.check
async def a_task_begins_after_the_switch(scheduler: Scheduler, world: World) -> None:
    """A processor that begins another task than it ran last, or its first, needs the ticks of a switch before."""
    await follow_the_rules(scheduler, world, Variant(_FCFS, avoids=("gap",)), Variant(_FCFS, wants=("gap",)))


@switches.check
async def going_on_costs_nothing(scheduler: Scheduler, world: World) -> None:
    """A processor that begins the task that it ran last begins at once, also after a pause, and counts no switch."""
    for workload, options in cases(world.draw, Variant(_PAUSES, wants=("same again",)), most=5):
        schedule = await scheduler(workload, options)
        hold_the_rules(schedule, options)
        hold_the_measures(
            schedule,
            options,
            task=("switches", "waiting"),
            summary=("utilization",),
            why="A switch is made for another task. Its ticks are waiting, and no use of the processor.",
        )


@switches.check
async def the_choice_comes_first(scheduler: Scheduler, world: World) -> None:
    """The task is chosen before the switch: what becomes ready during it comes too late."""
    await follow_the_rules(
        scheduler, world, Variant(_SJF, wants=("ready during switch", "better waits"), avoids=("tie", "gap"))
    )


@switches.check
async def a_slice_begins_with_the_task(scheduler: Scheduler, world: World) -> None:
    """The slice counts from the tick at which the task begins, so a switch takes nothing of it."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(
            _RR,
            wants=("slice ends",),
            avoids=("burst ends with slice", "ready meets slice end", "again at once", "gap"),
        ),
    )


@switches.check
async def one_tick_before_it_is_replaced(scheduler: Scheduler, world: World) -> None:
    """A task that has been picked runs at least one tick before another replaces it."""
    await follow_the_rules(
        scheduler, world, Variant(_SRTF, wants=("too early to replace",), avoids=("tie", "even", "gap"))
    )
