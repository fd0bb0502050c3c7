"""Stage 14: many processors that share one queue."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, cases, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules, hold_the_rules
from climb.projects.scheduler.stages.worth import hold_the_measures

__all__ = ["processors"]

processors = Stage(
    "processors",
    "Many processors, one queue",
    concepts=["multiprocessor-scheduling", "context-switches"],
    hints=[
        "A task is picked, and three processors are idle. Which of them still has its data in the cache?",
        "Separate the two questions: first the policy picks a task, then the task gets a processor. Repeat while there is both an idle processor and a ready task. Only then look at replacements, one after the other.",
        "Picked: to the idle processor that it ran on last, else to the lowest idle one. Replacing: compare the next ready task with the worst running task that has run a tick (of equal ones the highest processor); "
        "repeat until the rule says no. Cost: switch_cost if the processor ran another task last, migration_cost more if the task ran elsewhere last.",
    ],
)

_CPUS = tuple({"cpus": count} for count in (2, 3, 4))
_FCFS = Family(policies=("fcfs", "sjf"), bursts=single(8), arrivals=range(6), machines=_CPUS)
_AGAIN = Family(policies=("fcfs",), bursts=with_io(4, 5), arrivals=range(5), machines=_CPUS, most=5)
_SRTF = Family(policies=("srtf",), bursts=single(12), arrivals=range(8), machines=_CPUS)
_LEVELS = Family(
    policies=("priority",),
    bursts=single(9),
    arrivals=range(8),
    extras=tuple({"priority": number} for number in (0, 1, -1)),
    machines=_CPUS,
)
_MOVING = Family(
    policies=("fcfs", "rr"),
    bursts=with_io(5, 5),
    arrivals=range(6),
    machines=_CPUS,
    more_machines=(
        *({"migration_cost": ticks} for ticks in (1, 2, 3)),
        *({"migration_cost": ticks, "switch_cost": 1} for ticks in (1, 2)),
    ),
    options=tuple({"given_quantum": ticks} for ticks in (2, 3)),
    most=5,
)
_SHARED = tuple(
    {"nice": nice, "tickets": tickets} for nice, tickets in ((0, 100), (1, 50), (-1, 200), (5, 30), (-5, 300))
)
_TURNS = Family(
    policies=("rr", "mlfq", "stride", "cfs", "eevdf"),
    bursts=single(12),
    arrivals=range(4),
    extras=_SHARED,
    machines=_CPUS,
    options=tuple({"given_quantum": ticks} for ticks in (2, 1, 3)),
)


@processors.check
async def no_processor_idles_while_a_task_is_ready(scheduler: Scheduler, world: World) -> None:
    """Each picked task goes to the idle processor with the lowest number, and none stays idle while a task is ready."""
    for workload, options in cases(world.draw, Variant(_FCFS, avoids=("affinity", "tie"))):
        schedule = await scheduler(workload, options)
        hold_the_rules(schedule, options)
        hold_the_measures(
            schedule,
            options,
            summary=("utilization",),
            why="A machine with two processors has two ticks to give in each tick.",
        )


@processors.check
async def back_to_the_same_processor(scheduler: Scheduler, world: World) -> None:
    """A task goes to the processor that it ran on last, if that one is idle."""
    await follow_the_rules(scheduler, world, Variant(_AGAIN, wants=("affinity",)))


@processors.check
async def turns_on_many_processors(scheduler: Scheduler, world: World) -> None:
    """Slices that end together end in the order of the processors; there is one ready order, one floor and one V for all."""
    await follow_the_rules(
        scheduler, world, Variant(_TURNS, wants=("slices end together",), avoids=("affinity", "replace"))
    )


@processors.check
async def the_worst_one_is_replaced(scheduler: Scheduler, world: World) -> None:
    """A ready task replaces the running task that the policy would rather not run, of equal ones that on the highest processor."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_SRTF, wants=("choice of victim",), avoids=("even victims", "tie", "affinity")),
        Variant(_LEVELS, wants=("even victims",), avoids=("affinity",)),
    )


@processors.check
async def moving_costs_more(scheduler: Scheduler, world: World) -> None:
    """A task that begins on another processor than it ran on last begins migration_cost ticks later."""
    await follow_the_rules(scheduler, world, Variant(_MOVING, wants=("migration",), avoids=("affinity",)))
