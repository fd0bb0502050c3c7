"""Stage 5: bursts and I/O. Tasks leave, others run meanwhile, and they come back behind those that are ready."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.worth import report_the_measures

__all__ = ["io"]

io = Stage(
    "io",
    "Bursts and I/O",
    concepts=["processes", "run-queues"],
    hints=[
        "What does a task that waits for a disk need from the processor meanwhile? And what can the processor do?",
        "A task in I/O stands in no queue. Note the tick at which it comes back, and treat that tick like an arrival.",
        "Keep one list of (tick, place in the workload, task) for arrivals and returns, ordered by these. At each tick take out all that are due and put them behind "
        "those that are ready. The next tick to jump to is the earliest of that list, the end of the running burst, and the end of its slice.",
    ],
)

_FCFS = Family(policies=("fcfs",), bursts=with_io(5, 7), arrivals=range(10), most=4)
_SHORT = tuple((work, wait, 2) for work in (1, 2) for wait in range(1, 6))
_TWO = Family(policies=("fcfs",), bursts=((1,), (3,), *_SHORT), arrivals=range(7), most=3)
_CROWD = Family(policies=("fcfs",), bursts=with_io(6, 3), arrivals=range(6), most=4)
_RR = Family(
    policies=("rr",),
    bursts=((7,), (9,), (11,), *_SHORT),
    arrivals=(0, 1),
    options=tuple({"given_quantum": ticks} for ticks in (2, 3)),
    most=2,
)


@io.check
async def others_run_meanwhile(scheduler: Scheduler, world: World) -> None:
    """While tasks are in I/O, any number at once, the processor is free for others, and each comes back after exactly its ticks."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_FCFS, wants=("io",), avoids=("io together", "back behind others", "ready at once")),
        Variant(_FCFS, wants=("io together",), avoids=("back behind others", "ready at once")),
    )


@io.check
async def back_behind_those_that_are_ready(scheduler: Scheduler, world: World) -> None:
    """A task that comes back from I/O stands behind all that are ready already."""
    await follow_the_rules(
        scheduler, world, Variant(_CROWD, wants=("back behind others",), avoids=("io together", "ready at once"))
    )


@io.check
async def ties_of_wake_ups(scheduler: Scheduler, world: World) -> None:
    """Tasks that arrive and that come back at one tick become ready in the order of the workload, before slices end at that tick."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_TWO, wants=("arrival meets wake-up",), avoids=("io together", "back behind others")),
        Variant(_RR, wants=("wake-up meets slice end",), avoids=("back behind others", "io together")),
    )


@io.check
async def io_is_no_waiting(scheduler: Scheduler, world: World) -> None:
    """Waiting leaves out the ticks in I/O, and response is about the first burst alone."""
    await report_the_measures(
        scheduler,
        world,
        Variant(_FCFS, wants=("io",), avoids=("io together", "back behind others", "ready at once")),
        task=("turnaround", "waiting", "response"),
        summary=("fairness", "utilization"),
        why="I/O is work that a device does for the task. It is neither waiting nor use of a processor.",
    )
