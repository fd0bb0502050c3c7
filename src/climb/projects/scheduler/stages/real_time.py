"""Stage 11: deadlines and periods."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import DeadlineFromReady, NoneFirst, NoneHasShortestPeriod
from climb.projects.scheduler.stages.worth import report_the_measures

__all__ = ["real_time"]

real_time = Stage(
    "real-time",
    "Deadlines and periods",
    concepts=["real-time-scheduling", "scheduling"],
    hints=[
        "What does `edf` know of a job that `rm` doesn't? Which of the two changes its mind about a task from job to job?",
        "A job is the unit: it has a release, and from it a deadline. A job that is released while the one before still runs waits for it, and its deadline does not wait with it.",
        "Keep for each task the number of its present job; release = arrival + number × period, deadline = release + `deadline` (or the period). When a job completes and the next release is due "
        "already, the task becomes ready in step 2 of that same tick, else at its release. Jobs are released while release < until, the first one in any case.",
    ],
)

_DEADLINES = tuple({"deadline": ticks} for ticks in (4, 2, 6, 8, 11, 15, 20))
_EDF = Family(policies=("edf",), bursts=single(7), arrivals=range(12), extras=_DEADLINES)
_EDF_SOME = Family(policies=("edf",), bursts=single(7), arrivals=range(12), extras=({}, *_DEADLINES, {}), most=5)
_PERIODS = tuple({"period": ticks} for ticks in (5, 3, 4, 6, 8, 10, 12))
_UNTIL = tuple({"until": ticks} for ticks in (10, 1, 5, 16, 20, 24, 30))
_EASY = Family(policies=("edf",), bursts=single(2), arrivals=range(6), extras=_PERIODS, machines=_UNTIL, most=3)
_LATE = Family(policies=("edf",), bursts=single(7), arrivals=(0,), extras=_PERIODS[:4], machines=_UNTIL, most=3)
_JOBS = Family(
    policies=("edf", "rm"),
    bursts=with_io(4, 3),
    arrivals=(0,),
    extras=_PERIODS,
    more_extras=({}, *_DEADLINES),
    machines=_UNTIL,
    most=3,
)
_RM = Family(
    policies=("rm",),
    bursts=single(4),
    arrivals=(0,),
    extras=_PERIODS,
    more_extras=({}, *_DEADLINES),
    machines=_UNTIL,
    most=4,
)
_RM_SOME = Family(
    policies=("rm",), bursts=single(4), arrivals=(0,), extras=({}, *_PERIODS, {}), machines=_UNTIL, most=4
)


@real_time.check
async def the_earliest_deadline_first(scheduler: Scheduler, world: World) -> None:
    """edf: the ready task with the earliest deadline runs, and takes the processor from one with a later deadline."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_EDF, wants=("key decides",), avoids=("tie", "even", "replace")),
        Variant(_EDF, wants=("replace",), avoids=("tie",)),
    )


@real_time.check
async def none_comes_last(scheduler: Scheduler, world: World) -> None:
    """A task without a deadline (edf) or without a period (rm) counts as later or longer than all others."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_EDF_SOME, wants=(NoneFirst,), avoids=("key decides", "replace")),
        Variant(_RM_SOME, wants=(NoneHasShortestPeriod,), avoids=("key decides", "replace")),
    )


@real_time.check
async def jobs_are_released_again_and_again(scheduler: Scheduler, world: World) -> None:
    """A periodic task's jobs are released one period after the other, before `until` and at least once."""
    await follow_the_rules(scheduler, world, Variant(_EASY, avoids=("backlog", "key decides", "replace")))


@real_time.check
async def a_late_job_is_late(scheduler: Scheduler, world: World) -> None:
    """A job released while the one before is not complete begins after it, with the deadline of its own release."""
    await follow_the_rules(
        scheduler, world, Variant(_LATE, wants=("backlog", DeadlineFromReady), avoids=("replace",)), most=4
    )


@real_time.check
async def the_shortest_period_first(scheduler: Scheduler, world: World) -> None:
    """rm: the ready task with the shortest period runs, and replaces one with a longer period, whatever the deadlines say."""
    await follow_the_rules(scheduler, world, Variant(_RM, wants=("key decides", "replace"), avoids=("tie", "backlog")))


@real_time.check
async def every_job_counts(scheduler: Scheduler, world: World) -> None:
    """Completed and missed jobs are counted one by one; of turnaround, waiting and response the largest of a task's jobs is given."""
    await report_the_measures(
        scheduler,
        world,
        Variant(_JOBS),
        task=("completion", "turnaround", "waiting", "response"),
        summary=("missed_deadlines", "throughput"),
        most=6,
        why="A promise about time is one about the worst case, so the slowest job speaks for its task; but each job keeps or misses a deadline of its own.",
    )
