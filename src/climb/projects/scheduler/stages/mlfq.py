"""Stage 9: a multi-level feedback queue, which learns from what tasks do."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import (
    AllotmentOfEachTurn,
    BoostKeepsAllotment,
    BoostMixesLevels,
    DropsWithEachQuantum,
    NoBoost,
    RunsOnWithoutAllotment,
    ThreeLevels,
)

__all__ = ["mlfq"]

mlfq = Stage(
    "mlfq",
    "A feedback queue",
    concepts=["scheduling", "convoy-and-starvation"],
    hints=[
        "What would a task do that wants to stay at the top for ever? Which of the rules stops it?",
        "Count the ticks that a task has used on its level apart from those of its present turn. The turn ends with the quantum, the level with the allotment; either may come "
        "first. A boost resets the count of every task that has arrived, also of those in I/O.",
        "A turn ends at its begin + the smaller of quantum and (allotment − used). At its end: if used = allotment, and the level is not the last, level + 1 and used = 0. If the burst ends at that "
        "tick, do the same before the I/O. The boost comes after the slices of its tick: sort the ready tasks by (level, ready order), number them anew, set level and used to 0.",
    ],
)

_QUANTA = tuple({"given_quantum": ticks} for ticks in (2, 1, 3))
_LEVELS = ({}, *({"given_levels": levels} for levels in (1, 2, 4, 5)))
_TOGETHER = Family(policies=("mlfq",), bursts=single(14), arrivals=(0,), options=_QUANTA, more_options=_LEVELS, most=4)
_SPREAD = Family(
    policies=("mlfq",), bursts=single(14), arrivals=range(12), options=_QUANTA, more_options=_LEVELS, most=3
)
_ALLOTMENTS = tuple({"given_allotment": ticks} for ticks in (2, 3, 4, 6))
_PATIENT = Family(
    policies=("mlfq",), bursts=single(14), arrivals=(0, 1, 2), options=_QUANTA, more_options=_ALLOTMENTS, most=4
)
_GAMES = tuple((1, wait, 1, wait, last) for wait in (1, 2, 3) for last in (2, 1, 3, 4))
_GAMING = Family(policies=("mlfq",), bursts=(*single(8), *_GAMES), arrivals=range(3), options=_QUANTA[:1], most=3)
_BOOSTS = tuple({"boost": ticks} for ticks in (5, 3, 7, 10, 13))
_BOOSTED = Family(
    policies=("mlfq",), bursts=single(14), arrivals=range(8), options=_QUANTA, more_options=_BOOSTS, most=4
)
_EVEN = ((2,), (4,), (6,), (8,), (10,), (12,), (14,))
_ODD = ((1, 1, 4), (1, 2, 4), (1, 3, 4), (3, 1, 2), (3, 2, 4))
_BOOSTED_IO = Family(
    policies=("mlfq",),
    bursts=(*_EVEN, *_ODD),
    arrivals=(0, 2),
    options=_QUANTA[:1],
    more_options=tuple({"boost": ticks} for ticks in (4, 6, 8, 10, 5, 7)),
    most=3,
)
_TWO_LEVELS = Family(
    policies=("mlfq",),
    bursts=single(14),
    arrivals=(0, 7, 8, 9, 11),
    options=_QUANTA,
    more_options=({}, {"given_levels": 2}),
    most=3,
)
_BUDGETS = (AllotmentOfEachTurn, DropsWithEachQuantum, RunsOnWithoutAllotment)


@mlfq.check
async def an_allotment_costs_a_level(scheduler: Scheduler, world: World) -> None:
    """A task begins at the top and moves one level down when its allotment, one quantum, is used up; on the last of --levels it stays."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_TOGETHER, wants=("slice ends",), avoids=("replace", "ready meets slice end")),
        Variant(_SPREAD, wants=(ThreeLevels,), avoids=("replace",)),
    )


@mlfq.check
async def higher_levels_replace_lower_ones(scheduler: Scheduler, world: World) -> None:
    """A ready task on a higher level takes the processor at once from one on a lower level, and from no other."""
    await follow_the_rules(
        scheduler, world, Variant(_TWO_LEVELS, wants=("replace",), avoids=(RunsOnWithoutAllotment, ThreeLevels))
    )


@mlfq.check
async def allotment_and_quantum_are_two_things(scheduler: Scheduler, world: World) -> None:
    """A longer allotment lasts for several turns on a level; a shorter one ends the turn before the quantum is over."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_PATIENT, wants=(DropsWithEachQuantum,), avoids=(AllotmentOfEachTurn,)),
        Variant(_PATIENT, wants=(RunsOnWithoutAllotment,), avoids=(AllotmentOfEachTurn,)),
    )


@mlfq.check
async def io_renews_no_allotment(scheduler: Scheduler, world: World) -> None:
    """A task that goes into I/O before its quantum is over has used what it used: the top can't be gamed."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(
            _GAMING, wants=(AllotmentOfEachTurn,), avoids=(DropsWithEachQuantum, RunsOnWithoutAllotment, "replace")
        ),
    )


@mlfq.check
async def the_boost_lifts_all(scheduler: Scheduler, world: World) -> None:
    """At every multiple of the boost all tasks, also those that run or are in I/O, move to the top with a new allotment."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_BOOSTED_IO, wants=(NoBoost,), avoids=(BoostMixesLevels, *_BUDGETS)),
        Variant(_BOOSTED_IO, wants=(BoostKeepsAllotment,), avoids=(BoostMixesLevels, *_BUDGETS)),
    )


@mlfq.check
async def the_order_after_a_boost(scheduler: Scheduler, world: World) -> None:
    """After a boost those of level 0 stand first, then those of level 1, and so on, each level in its order."""
    await follow_the_rules(
        scheduler, world, Variant(_BOOSTED, wants=(BoostMixesLevels,), avoids=(BoostKeepsAllotment,))
    )
