"""Stage 15: a queue for each processor, and stealing."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import FairMovesAsItIs, MovesAsItIs

__all__ = ["stealing"]

stealing = Stage(
    "stealing",
    "A queue for each processor",
    concepts=["multiprocessor-scheduling", "virtual-time"],
    hints=[
        "What is gained when each processor has a queue of its own, and what has to be done so that nothing is lost by it?",
        "Give each queue its own ready order, floor and V. In step 4 all processors pick from their own queues before anyone steals, and all steal before anything is replaced.",
        "On arrival: the queue with the fewest ready and running tasks, the lowest of equal ones, tasks of one tick one after the other. On return: the queue of the processor it ran on last. A thief takes from the queue with the most "
        "ready tasks what that queue would pick. Then pass or virtual runtime += new floor − old floor (eevdf: v and deadline += new V − old V, both taken before it leaves), and only then the new floor is raised.",
    ],
)

_CPUS = tuple({"cpus": count} for count in (2, 3, 4))
_OWN = ({"per_cpu": True},)
_QUANTA = tuple({"given_quantum": ticks} for ticks in (2, 1, 3))
_FCFS = Family(
    policies=("fcfs", "sjf"),
    bursts=single(8),
    arrivals=range(4),
    machines=({"cpus": 4}, {"cpus": 2}, {"cpus": 5}),
    options=_OWN,
)
_PAIR = Family(policies=("fcfs", "sjf"), bursts=single(8), arrivals=range(4), machines=_CPUS[:1], options=_OWN)
_THERE_AND_BACK = tuple((1, wait, long, wait, 3) for wait in range(1, 7) for long in (1, 8))
_UNEVEN = Family(
    policies=("fcfs",), bursts=_THERE_AND_BACK, arrivals=range(3), machines=_CPUS[1:2], options=_OWN, most=7
)
_IO = Family(
    policies=("fcfs",),
    bursts=with_io(5, 4),
    arrivals=range(5),
    extras=({}, {"period": 9}, {"period": 14}),
    machines=tuple({"cpus": count, "until": 30} for count in (2,)),
    options=_OWN,
    most=5,
)
_LEVELS = Family(
    policies=("srtf", "priority"),
    bursts=single(9),
    arrivals=range(8),
    extras=tuple({"priority": number} for number in (0, 1, -1, 2)),
    machines=_CPUS[:2],
    options=_OWN,
)
_TICKETS = tuple({"tickets": count} for count in (100, 50, 200, 300, 30, 7))
_STRIDE = Family(
    policies=("stride",),
    bursts=with_io(4, 2),
    arrivals=(0, 1),
    extras=_TICKETS,
    machines=_CPUS[:1],
    options=_OWN,
    more_options=_QUANTA,
)
_NICE = tuple({"nice": nice} for nice in (0, 1, -1, 3, -3, 5, -5))
_FAIR = Family(
    policies=("cfs",),
    bursts=with_io(5, 2),
    arrivals=(0, 1),
    extras=_NICE,
    machines=_CPUS[:1],
    options=_OWN,
    more_options=({"given_latency": 6, "given_granularity": 1}, {"given_latency": 8, "given_granularity": 2}),
)
_EEVDF = Family(
    policies=("eevdf",),
    bursts=with_io(5, 2),
    arrivals=(0, 1),
    extras=_NICE,
    machines=_CPUS[:1],
    options=_OWN,
    more_options=_QUANTA,
)


@stealing.check
async def to_the_shortest_queue(scheduler: Scheduler, world: World) -> None:
    """A task that arrives goes to the processor with the fewest tasks ready and running, of equal ones to the lowest."""
    await follow_the_rules(scheduler, world, Variant(_FCFS, avoids=("steal", "tie")))


@stealing.check
async def back_to_its_own_queue(scheduler: Scheduler, world: World) -> None:
    """A task that comes back from I/O goes to the queue of the processor that it ran on last, even if another is idle."""
    await follow_the_rules(scheduler, world, Variant(_IO, wants=("io",), avoids=("steal",)))


@stealing.check
async def an_idle_processor_steals(scheduler: Scheduler, world: World) -> None:
    """A processor whose queue is empty steals a ready task, from the queue with the most, of equal ones from the lowest."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_PAIR, wants=("steal",), avoids=("tie",)),
        Variant(_UNEVEN, wants=("longest is not first",)),
    )


@stealing.check
async def replacing_within_a_queue(scheduler: Scheduler, world: World) -> None:
    """A ready task replaces the running one of its own queue, not a worse one of another."""
    await follow_the_rules(scheduler, world, Variant(_LEVELS, wants=("replace",), avoids=("steal", "tie")))


@stealing.check
async def a_stolen_task_keeps_its_place(scheduler: Scheduler, world: World) -> None:
    """Stride and cfs: the pass or virtual runtime of a stolen task changes by the difference of the two floors."""
    await follow_the_rules(
        scheduler, world, Variant(_STRIDE, wants=(MovesAsItIs,)), Variant(_FAIR, wants=(FairMovesAsItIs,))
    )


@stealing.check
async def eevdf_on_many_queues(scheduler: Scheduler, world: World) -> None:
    """eevdf: each queue has its own V, and what was stolen goes on there with what is left of its quantum."""
    await follow_the_rules(scheduler, world, Variant(_EEVDF, wants=("steal", "key decides")))
