"""Run races whose programs are built: those whose stages hold, the time shared among them, the document kept."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Sequence

import msgspec

from climb import __version__
from climb.judge.events import OnEvent
from climb.judge.project import Project
from climb.judge.run import Plan, run as judge
from climb.judge.submission import Submission
from climb.judge.verdict import Status
from climb.labs.machine import this_machine
from climb.races import store
from climb.races.document import Held, Racing, Standing
from climb.races.race import Name, Race
from climb.races.stages import Known, known_stages
from climb.races.track import OnHeat, hold

__all__ = ["Ask", "lacking", "made_known", "run", "waiting"]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be raced: which races, of whose program against ours, for how long in all."""

    project: Project
    races: tuple[Race, ...]
    yours: Submission
    ours: Submission
    seed: str
    seconds: float


def lacking(races: Sequence[Race], known: Known) -> list[str]:
    """The stages that have to be judged before these races, in the order in which they are named.

    A race that waits for one stage anyway needs none of the others.
    """
    open_ones = [
        race for race in races if all(known.get(stage, Status.PASSED) is Status.PASSED for stage in race.stages)
    ]
    return list(dict.fromkeys(stage for race in open_ones for stage in race.stages if stage not in known))


async def made_known(ask: Ask, on_event: OnEvent) -> Known:
    """Which of the stages that the races need hold: what newer runs say than the program, and the others judged now."""
    known = known_stages(ask.yours, ask.project.info.slug)
    while missing := lacking(ask.races, known):
        verdict = await judge(ask.yours, ask.project, seed=ask.seed, plan=Plan(only=missing[0]), on_event=on_event)
        known[missing[0]] = next(stage.status for stage in verdict.stages if stage.id == missing[0])
    return known


def waiting(race: Race, project: Project, known: Known) -> Held | None:
    """The result of a race that can't be run because a stage that it needs does not hold; None if all do."""
    missing = next((stage for stage in race.stages if known.get(stage) is not Status.PASSED), None)
    if missing is None:
        return None
    number = next(number for number, stage in enumerate(project.stages, 1) if stage.id == missing)
    return Held(
        id=race.id,
        title=race.title,
        unit=race.unit,
        better=race.better,
        tells=race.tells,
        standing=Standing.WAITING,
        says=f"waits for stage {number} {project.stages[number - 1].title}: what is not right is not raced",
    )


async def run(ask: Ask, known: Known, on_heat: OnHeat, on_race: Callable[[Held], None] | None = None) -> Racing:
    """Race, and keep what came of it in the learner's folder. Raises SetupError and UsageError, nothing else."""
    started, began = dt.datetime.now(dt.UTC), time.monotonic()
    held = []
    left = len(ask.races)
    deadline = began + ask.seconds
    for race in ask.races:
        result = waiting(race, ask.project, known)
        if result is None:
            seconds = max((deadline - time.monotonic()) / left, 0.0)
            sides: dict[Name, Submission] = {"yours": ask.yours, "ours": ask.ours}
            result = await hold(race, ask.project, sides, seed=ask.seed, seconds=seconds, on_heat=on_heat)
        left -= 1
        held.append(result)
        if on_race is not None:
            on_race(result)
    racing = Racing(
        project=ask.project.info.slug,
        submission=os.fsencode(ask.yours.folder).decode(errors="backslashreplace"),
        language=ask.yours.language,
        seed=ask.seed,
        judge=__version__,
        started_at=started.isoformat(timespec="seconds"),
        machine=this_machine(),
        races=tuple(held),
        seconds=round(time.monotonic() - began, 2),
    )
    store.save(ask.yours.climb_folder, started.strftime("%Y%m%dT%H%M%S"), racing)
    return racing
