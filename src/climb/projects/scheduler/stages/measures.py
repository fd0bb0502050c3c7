"""Stage 2: what a schedule is worth. Each number is judged against the program's own timeline."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single
from climb.projects.scheduler.stages.worth import report_the_measures

__all__ = ["measures"]

measures = Stage(
    "measures",
    "What a schedule is worth",
    concepts=["scheduling", "convoy-and-starvation"],
    hints=[
        "Which of the numbers can be read off the timeline alone, and which need the arrivals too?",
        "Compute everything from the finished timeline, in a function of its own. Then each policy gets its measures from the same lines.",
        "Turnaround is completion minus arrival; waiting is what remains of it without the bursts; response is the first start minus arrival. The makespan is counted from 0, "
        "so idle ticks before the first arrival lower the utilization. A switch is counted for a task whenever a processor begins it after another one, or as its first.",
    ],
)

_PLAIN = Family(policies=("fcfs",), bursts=single(9), arrivals=range(8))
_SPARSE = Family(policies=("fcfs",), bursts=single(6), arrivals=(1, 2, 4, 7, 11, 16, 22, 29, 37))
_DUE = Family(
    policies=("fcfs",),
    bursts=single(3),
    arrivals=range(6),
    extras=(*({"deadline": ticks} for ticks in range(1, 9)), {}),
)


@measures.check
async def each_task(scheduler: Scheduler, world: World) -> None:
    """Completion, turnaround, waiting, response and the number of switches of each task agree with the timeline."""
    await report_the_measures(
        scheduler,
        world,
        Variant(_PLAIN),
        task=("completion", "turnaround", "waiting", "response", "switches"),
        summary=("switches",),
        why="Turnaround and response begin at the arrival. A processor that begins a task after another one, or as its first, makes a switch, with or without idle ticks between.",
    )


@measures.check
async def the_summary(scheduler: Scheduler, world: World) -> None:
    """Makespan, throughput and utilization count from tick 0, idle ticks included, and means are taken over the tasks."""
    await report_the_measures(
        scheduler,
        world,
        Variant(_SPARSE, wants=("gap",)),
        summary=("makespan", "throughput", "utilization", "mean_turnaround", "mean_waiting", "mean_response"),
        why="Idle ticks count, also those before the first arrival: a processor that waits is paid for as well. Fractions stay fractions.",
    )


@measures.check
async def fairness_is_jains_index(scheduler: Scheduler, world: World) -> None:
    """Fairness is Jain's index of the tasks' speeds: 1 if all are slowed down alike."""
    await report_the_measures(
        scheduler,
        world,
        Variant(_PLAIN),
        summary=("fairness",),
        why="Each speed x is the ticks of a task's bursts divided by its turnaround; n is the number of tasks (Jain, Chiu and Hawe, 1984).",
    )


@measures.check
async def missed_deadlines(scheduler: Scheduler, world: World) -> None:
    """A deadline counts as missed if its job completed after it; at the deadline is in time."""
    await report_the_measures(
        scheduler,
        world,
        Variant(_DUE),
        summary=("missed_deadlines",),
        most=6,
        why="A deadline is the arrival plus the task's `deadline`, whatever the policy does about deadlines. A task without one misses none.",
    )
