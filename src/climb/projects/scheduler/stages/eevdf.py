"""Stage 13: eligibility and virtual deadlines, as Linux keeps them since 2023."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import (
    AllIsEligible,
    EevdfArrivesAtZero,
    ForgetsLag,
    FullQuantumAgain,
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
_FEW = Family(policies=("eevdf",), bursts=single(9), arrivals=(0,), extras=_NICE, options=_QUANTA, most=3)
_LATER = Family(
    policies=("eevdf",),
    bursts=single(12),
    arrivals=(0, 3, 5, 7, 1),
    extras=tuple({"nice": nice} for nice in (0, -10, 5, -5, -8)),
    options=tuple({"given_quantum": ticks} for ticks in (8, 6, 7)),
    most=2,
)
_AGAIN = Family(
    policies=("eevdf",),
    bursts=single(12),
    arrivals=(0, 3, 5, 7, 1),
    extras=tuple({"nice": nice} for nice in (0, -10, 5, -5)),
    options=tuple({"given_quantum": ticks} for ticks in (4, 3, 6, 8)),
    most=3,
)
_EQUAL = Family(policies=("eevdf",), bursts=single(12), arrivals=(0, 6, 9, 4), options=_QUANTA, most=3)
_SLEEPERS = Family(policies=("eevdf",), bursts=with_io(6, 6), arrivals=(0, 1), options=_QUANTA, most=3)
# Long tasks, and heavier ones that leave for I/O before they have paid for what they ran.
_LONG = tuple({"bursts": (ticks,)} for ticks in (9, 12, 7, 14))
_NAPPING = tuple(
    {"bursts": (work, wait, 3), "nice": nice}
    for nice, work, wait in ((-5, 2, 2), (-3, 3, 1), (-10, 3, 5), (-5, 1, 3), (-5, 3, 6), (-1, 2, 1))
)
_DEBTORS = Family(
    policies=("eevdf",),
    bursts=single(1),
    arrivals=(0,),
    extras=(*_LONG, *_NAPPING),
    options=tuple({"given_quantum": ticks} for ticks in (4, 6, 5)),
    most=3,
)


@eevdf.check
async def the_earliest_eligible_deadline(scheduler: Scheduler, world: World) -> None:
    """Of the tasks that have not had more than their share, the one with the earliest virtual deadline runs, for a quantum at most."""
    await follow_the_rules(
        scheduler, world, Variant(_FEW, avoids=(AllIsEligible,)), Variant(_TOGETHER, wants=(AllIsEligible,))
    )


@eevdf.check
async def an_earlier_deadline_replaces(scheduler: Scheduler, world: World) -> None:
    """A task that becomes ready replaces one with a later virtual deadline, which keeps its own and the rest of its quantum."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_LATER, wants=("replace",), avoids=(AllIsEligible,)),
        Variant(_AGAIN, wants=(FullQuantumAgain,), avoids=(AllIsEligible,)),
    )


@eevdf.check
async def where_tasks_come_in(scheduler: Scheduler, world: World) -> None:
    """A task that arrives begins at V; one that comes back has the lag with which it left, and replaces nobody while it is not eligible."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_EQUAL, wants=(EevdfArrivesAtZero,), avoids=(FullQuantumAgain, AllIsEligible)),
        Variant(_SLEEPERS, wants=(ForgetsLag,), avoids=(FullQuantumAgain, AllIsEligible)),
        Variant(_DEBTORS, wants=(ReplacesIneligible,), avoids=(FullQuantumAgain, AllIsEligible)),
    )
