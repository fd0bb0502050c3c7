"""The race of schedulers: decisions a second of a drawn workload under round robin, from the start of the program to its end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from climb.judge.expect import fail
from climb.judge.world.draws import Draws
from climb.projects.scheduler.rules import by_the_rules
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.judged import hold_the_rules
from climb.projects.scheduler.workload import Options, Task, Workload
from climb.races.race import Field, HeatOf, Race, Side

__all__ = ["RACES"]

_TASKS = 8  # the rules look at each of them for every decision, and are plain rather than fast
_WORK = (1_500, 3_000)  # ticks of a burst
_IO = (1, 400)
_BURSTS = 4
_MOST_S = 120.0


def _workload(draw: Draws) -> Workload:
    chance = draw.source()
    return Workload(
        tasks=tuple(
            Task(
                id=f"task-{number}",
                arrival=chance.randint(0, 200),
                bursts=tuple(chance.randint(*(_IO if place % 2 else _WORK)) for place in range(2 * _BURSTS - 1)),
            )
            for number in range(_TASKS)
        )
    )


@contextlib.asynccontextmanager
async def _decisions(field: Field) -> AsyncIterator[HeatOf]:
    workload, options = _workload(field.draw), Options(policy="rr")
    expected = by_the_rules(workload, options).pieces

    async def heat(side: Side) -> float:
        scheduler: Scheduler = side.driver
        with field.measured():
            schedule = await scheduler(workload, options, seconds=_MOST_S)
        if schedule.timeline.pieces != expected:
            hold_the_rules(schedule, options)  # raises, and says where
            fail(
                "the timeline",
                expected=f"the {len(expected):,} pieces that the rules ask for",
                received=f"{len(schedule.timeline.pieces):,} pieces, not the same",
                why="A heat counts only if the schedule is right.",
            )
        return len(expected) / schedule.call.seconds

    yield heat


RACES = (
    Race(
        id="decisions",
        title="Decisions under round robin",
        unit="decisions/s",
        better="higher",
        stages=("fcfs", "round-robin", "io"),
        tells="What one decision costs: the queue, the jump of the clock, and writing the segment. The start of the program counts too, as it does for who waits for it.",
        run=_decisions,
    ),
)
