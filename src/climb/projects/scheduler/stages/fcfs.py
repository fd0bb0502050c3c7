"""Stage 1: first come, first served. The clock, the queue, and the first ties."""

from __future__ import annotations

import tempfile
from pathlib import Path

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, cases, single
from climb.projects.scheduler.stages.judged import follow_the_rules, hold_the_rules

__all__ = ["fcfs"]

fcfs = Stage(
    "fcfs",
    "First come, first served",
    concepts=["scheduling", "run-queues"],
    hints=[
        "When nothing runs, at which tick does something happen next? What do you know by then, and what not yet?",
        "Keep the tasks that are ready in a queue, in the order in which they became ready. When a task ends, first let everything arrive that arrives "
        "up to that tick, then take the first of the queue.",
        "Sort the tasks by arrival with a stable sort, so that those of one tick keep the order of the workload. Go through them: each starts at the end of the one "
        "before or at its own arrival, whichever is later, and its segment is as long as its burst.",
    ],
)

_PLAIN = Family(policies=("fcfs",), bursts=single(9), arrivals=range(14))
_LONE = Family(policies=("fcfs",), bursts=single(9), arrivals=(0,), most=1)
_SPARSE = Family(policies=("fcfs",), bursts=single(5), arrivals=range(40))
_CLOSE = Family(policies=("fcfs",), bursts=single(9), arrivals=(0, 3, 1, 5))
_LATE = Family(
    policies=("fcfs",),
    bursts=((1_000_000_000,), (999_999_937,), (1,)),
    arrivals=(0, 1, 500_000, 999_999_998, 999_999_999, 7, 31_337),
    most=6,
)


@fcfs.check
async def in_the_order_of_arrival(scheduler: Scheduler, world: World) -> None:
    """Tasks run in the order in which they arrive, each until its burst ends; with none ready the processor is idle until the next arrival."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_PLAIN, avoids=("ready at once",)),
        Variant(_SPARSE, wants=("gap",), avoids=("ready at once",)),
    )


@fcfs.check
async def ties_by_the_order_of_the_workload(scheduler: Scheduler, world: World) -> None:
    """Tasks that arrive at the same tick run in the order in which the workload lists them."""
    await follow_the_rules(scheduler, world, Variant(_CLOSE, wants=("ready at once",), avoids=("gap",)))


@fcfs.check
async def the_clock_jumps(scheduler: Scheduler, world: World) -> None:
    """Times up to a thousand million ticks are as quick as small ones."""
    await follow_the_rules(
        scheduler, world, Variant(_LATE, wants=("beyond 31 bits",), avoids=("ready at once", "gap")), most=3
    )


@fcfs.check
async def a_workload_from_a_file(scheduler: Scheduler, world: World) -> None:
    """With --workload the workload is read from a file, and standard input is left alone."""
    for workload, options in cases(world.draw, Variant(_LONE), most=2):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "workload.json"
            path.write_bytes(workload.document())
            schedule = await scheduler.from_file(workload, options, path)
        hold_the_rules(schedule, options)
