"""Stage 13: eligibility and virtual deadlines, as Linux keeps them since 2023."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import (
    AllIsEligible,
    EevdfArrivesAtZero,
    ForgetsLag,
    FullQuantumAgain,
    LagWithoutBound,
    ReplacesIneligible,
)

__all__ = ["eevdf"]

eevdf = Stage(
    "eevdf",
    "Eligible, earliest deadline first",
    concepts=["virtual-time", "preemption"],
    hints=[
        "Who has had less than its share so far? Among those, who asked for so little that it should be served first?",
        "Keep v, the virtual deadline and the ticks run since it was set for each task. Compare with V by multiplying, not by dividing: nothing may be rounded where eligibility is decided.",
        "V = ⌊Σ w·v / Σ w⌋ over ready and running tasks; eligible if v · Σ w ≤ Σ w·v. On leaving in step 1, lag = V − v while the task is still in both sums, bounded by ± 2 × quantum × inverse; on return v = V − lag, "
        "with V of those that are there. Deadline = v + quantum × inverse, set on arrival, on return, and after each full quantum.",
    ],
)

_NICE = tuple({"nice": nice} for nice in (0, 1, -1, 3, -3, 5, -5, 10, -10))
_QUANTA = tuple({"given_quantum": ticks} for ticks in (4, 2, 3, 1, 6))
_TOGETHER = Family(policies=("eevdf",), bursts=single(14), arrivals=(0,), extras=_NICE, options=_QUANTA, most=5)
_LATER = Family(policies=("eevdf",), bursts=single(14), arrivals=range(14), extras=_NICE, options=_QUANTA, most=4)
_SLEEPERS = Family(policies=("eevdf",), bursts=with_io(7, 7), arrivals=range(4), extras=_NICE, options=_QUANTA, most=4)
_COMING_BACK = (ForgetsLag, LagWithoutBound)


@eevdf.check
async def eligible_first(scheduler: Scheduler, world: World) -> None:
    """Only a task that has not had more than its share is picked, although another has an earlier virtual deadline."""
    await follow_the_rules(scheduler, world, _TOGETHER, wants=(AllIsEligible,))


@eevdf.check
async def the_earliest_virtual_deadline(scheduler: Scheduler, world: World) -> None:
    """Of the eligible tasks the one with the earliest virtual deadline runs, for a quantum at most."""
    await follow_the_rules(
        scheduler, world, _TOGETHER, wants=("key decides",), avoids=(AllIsEligible, "burst ends with slice")
    )


@eevdf.check
async def newcomers_begin_at_the_mean(scheduler: Scheduler, world: World) -> None:
    """A task that arrives gets the queue's virtual time V as its v."""
    await follow_the_rules(
        scheduler, world, _LATER, wants=(EevdfArrivesAtZero,), avoids=(FullQuantumAgain, ReplacesIneligible)
    )


@eevdf.check
async def an_earlier_deadline_replaces(scheduler: Scheduler, world: World) -> None:
    """A task that becomes ready replaces the running one if its virtual deadline is earlier, and if it is eligible."""
    await follow_the_rules(scheduler, world, _SLEEPERS, wants=("replace",), avoids=(FullQuantumAgain, *_COMING_BACK))


@eevdf.check
async def a_request_goes_on_after_a_replacement(scheduler: Scheduler, world: World) -> None:
    """A task that was replaced keeps v and deadline, and runs what is left of its quantum on its next turn."""
    await follow_the_rules(scheduler, world, _LATER, wants=(FullQuantumAgain,), avoids=(ReplacesIneligible,))


@eevdf.check
async def lag_is_kept_over_io(scheduler: Scheduler, world: World) -> None:
    """A task that goes into I/O keeps what it was owed, or owed, and comes back with it."""
    await follow_the_rules(
        scheduler, world, _SLEEPERS, wants=(ForgetsLag,), avoids=(FullQuantumAgain, LagWithoutBound, ReplacesIneligible)
    )


@eevdf.check
async def lag_is_bounded(scheduler: Scheduler, world: World) -> None:
    """The lag that is kept is at most two quanta of virtual time, either way."""
    await follow_the_rules(
        scheduler, world, _SLEEPERS, wants=(LagWithoutBound,), avoids=(FullQuantumAgain, ReplacesIneligible)
    )


@eevdf.check
async def no_replacement_by_the_ineligible(scheduler: Scheduler, world: World) -> None:
    """A ready task that is not eligible replaces nobody, however early its deadline."""
    await follow_the_rules(
        scheduler, world, _SLEEPERS, wants=(ReplacesIneligible,), avoids=(FullQuantumAgain, *_COMING_BACK)
    )
