"""Stage 12: virtual time as Linux kept it until 2023."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import (
    EqualSlices,
    FairArrivesAtZero,
    FairNoCredit,
    FairReturnsAsItLeft,
    LeadOfTheRunning,
    NoLead,
    NoMinimum,
)

__all__ = ["cfs"]

cfs = Stage(
    "cfs",
    "Virtual runtimes",
    concepts=["virtual-time", "scheduling"],
    hints=[
        "Two tasks run ten ticks each, one with nice 0 and one with nice 5. Which of them has had more than it deserves, and by how much?",
        "Keep whole numbers: a tick adds the inverse from the table. Fix the slice when a task is picked, from the weights of all that are ready or running then. Look for a replacement only at ticks "
        "at which step 2 made a task ready.",
        "slice = max(granularity, ⌊latency × w / W⌋). On picking, floor = max(floor, its virtual runtime). On arrival it is the floor; on return max(own, floor − ⌊latency / 2⌋ × 4194304). A ready task "
        "replaces if running − ready > granularity × the inverse of the ready task's weight.",
    ],
)

_NICE = tuple({"nice": nice} for nice in (0, 5, -5, 10, -10))
_NEAR = tuple({"nice": nice} for nice in (0, 1, -1, 2, -2, 3, -3, 5, -5))
_TUNED: tuple[dict[str, int], ...] = (
    {}, {"given_latency": 12}, {"given_latency": 6}, {"given_latency": 12, "given_granularity": 1},
    {"given_latency": 6, "given_granularity": 2}, {"given_latency": 7, "given_granularity": 1},
)  # fmt: skip
_QUICK = tuple({"given_latency": latency, "given_granularity": 1} for latency in (6, 4, 8))
_TOGETHER = Family(policies=("cfs",), bursts=single(20), arrivals=(0,), extras=_NEAR, options=_TUNED, most=5)
_LATER = Family(policies=("cfs",), bursts=single(20), arrivals=(0, 6, 12, 18), options=_QUICK[:1], most=3)
_NAPS = tuple((work, wait, rest) for work in (1, 2, 3) for wait in (6, 12, 18, 24) for rest in (4, 6, 8))
_SLEEPERS = Family(
    policies=("cfs",), bursts=((20,), (24,), (28,), (32,), *_NAPS), arrivals=range(3), options=_QUICK, most=3
)
_LEADING = Family(policies=("cfs",), bursts=with_io(5, 6), arrivals=range(4), extras=_NICE, most=3)
_LONG = tuple({"bursts": (ticks,), "arrival": 0} for ticks in (9, 12, 7))
_HEAVY = tuple(
    {"bursts": (ticks,), "arrival": arrival, "nice": nice}
    for nice, arrival, ticks in ((-5, 1, 3), (-10, 2, 2), (-5, 2, 4), (-3, 1, 5), (-10, 5, 3))
)
_COSTLY = Family(
    policies=("cfs",),
    bursts=single(1),
    arrivals=(0,),
    extras=(*_LONG, *_HEAVY),
    options=({"given_granularity": 1},),
    machines=({"switch_cost": 2}, {"switch_cost": 3}, {"switch_cost": 5}),
    most=3,
)
_SLICES = (EqualSlices, NoMinimum)
_LEADS = (NoLead, LeadOfTheRunning)


@cfs.check
async def virtual_runtime_by_weight(scheduler: Scheduler, world: World) -> None:
    """The smallest virtual runtime runs, for a slice that is the latency's share by weight."""
    await follow_the_rules(scheduler, world, Variant(_TOGETHER, wants=(EqualSlices,), avoids=(NoMinimum,)))


@cfs.check
async def no_slice_below_the_granularity(scheduler: Scheduler, world: World) -> None:
    """A slice is at least the granularity, however many share the latency."""
    await follow_the_rules(scheduler, world, Variant(_TOGETHER, wants=(NoMinimum,), avoids=(EqualSlices,)))


@cfs.check
async def where_tasks_come_in(scheduler: Scheduler, world: World) -> None:
    """A task that arrives begins at the floor; one that comes back keeps its own, but gets at least the floor minus half the latency."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_LATER, wants=(FairArrivesAtZero,), avoids=(*_SLICES, *_LEADS)),
        Variant(_SLEEPERS, wants=(FairReturnsAsItLeft,), avoids=(*_SLICES, *_LEADS)),
        Variant(_SLEEPERS, wants=(FairNoCredit,), avoids=(*_SLICES, *_LEADS)),
    )


@cfs.check
async def a_wake_up_needs_a_lead(scheduler: Scheduler, world: World) -> None:
    """A task that becomes ready replaces the running one only if it leads by more than the granularity in its own virtual time."""
    coming_in = (FairArrivesAtZero, FairReturnsAsItLeft, FairNoCredit)
    await follow_the_rules(
        scheduler,
        world,
        Variant(_LEADING, wants=(NoLead,), avoids=(*coming_in, *_SLICES)),
        Variant(_LEADING, wants=(LeadOfTheRunning,), avoids=(*coming_in, *_SLICES)),
    )


@cfs.check
async def a_late_look_at_a_switch(scheduler: Scheduler, world: World) -> None:
    """If a task becomes ready while a processor switches, replacing is considered one tick after its task began."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_COSTLY, wants=("replacement put off",), avoids=(FairArrivesAtZero, *_SLICES, NoLead)),
        most=4,
    )
