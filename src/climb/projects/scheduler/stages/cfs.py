"""Stage 12: virtual time as Linux kept it until 2023."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, single, with_io
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

_NICE = tuple({"nice": nice} for nice in (0, 1, -1, 5, -5, 10, -10, 19, -20))
_NEAR = tuple({"nice": nice} for nice in (0, 1, -1, 2, -2, 3, -3, 5, -5))
_TUNED = (
    {}, {"given_latency": 12}, {"given_latency": 6}, {"given_latency": 12, "given_granularity": 1},
    {"given_latency": 6, "given_granularity": 2}, {"given_latency": 7, "given_granularity": 1},
)  # fmt: skip
_TOGETHER = Family(policies=("cfs",), bursts=single(20), arrivals=(0,), extras=_NEAR, options=_TUNED, most=5)
_LATER = Family(policies=("cfs",), bursts=single(16), arrivals=range(12), extras=_NEAR, options=_TUNED, most=4)
_SLEEPERS = Family(policies=("cfs",), bursts=with_io(8, 9), arrivals=range(4), extras=_NEAR, options=_TUNED, most=4)
_WIDE = Family(policies=("cfs",), bursts=with_io(8, 9), arrivals=range(4), extras=_NICE, options=_TUNED, most=4)
_COSTLY = Family(
    policies=("cfs",),
    bursts=with_io(8, 6),
    arrivals=range(8),
    extras=_NEAR,
    options=_TUNED,
    machines=tuple({"switch_cost": ticks} for ticks in (2, 1, 3, 4)),
    most=4,
)
_ARRIVALS = (FairArrivesAtZero,)
_RETURNS = (FairReturnsAsItLeft, FairNoCredit)
_LEADS = (NoLead, LeadOfTheRunning)


@cfs.check
async def the_smallest_virtual_runtime(scheduler: Scheduler, world: World) -> None:
    """The ready task with the smallest virtual runtime runs, and each tick adds the inverse of its weight."""
    await follow_the_rules(scheduler, world, _TOGETHER, wants=("key decides",), avoids=(EqualSlices, NoMinimum))


@cfs.check
async def slices_by_weight(scheduler: Scheduler, world: World) -> None:
    """A slice is the latency's share by weight among all that are ready or running."""
    await follow_the_rules(scheduler, world, _TOGETHER, wants=(EqualSlices,), avoids=(NoMinimum,))


@cfs.check
async def no_slice_below_the_granularity(scheduler: Scheduler, world: World) -> None:
    """A slice is at least the granularity, however many share the latency."""
    await follow_the_rules(scheduler, world, _TOGETHER, wants=(NoMinimum,), avoids=(EqualSlices,))


@cfs.check
async def newcomers_begin_at_the_floor(scheduler: Scheduler, world: World) -> None:
    """A task that arrives gets the floor as its virtual runtime, not 0."""
    await follow_the_rules(scheduler, world, _LATER, wants=_ARRIVALS, avoids=_LEADS)


@cfs.check
async def sleepers_are_not_owed_everything(scheduler: Scheduler, world: World) -> None:
    """A task that comes back gets at least the floor minus half the latency, however long it slept."""
    await follow_the_rules(scheduler, world, _SLEEPERS, wants=(FairReturnsAsItLeft,), avoids=(*_ARRIVALS, *_LEADS))


@cfs.check
async def sleepers_are_owed_something(scheduler: Scheduler, world: World) -> None:
    """A task that comes back within half the latency of the floor keeps its own virtual runtime."""
    await follow_the_rules(
        scheduler, world, _SLEEPERS, wants=(FairNoCredit,), avoids=(*_ARRIVALS, *_LEADS, FairReturnsAsItLeft)
    )


@cfs.check
async def a_wake_up_needs_a_lead(scheduler: Scheduler, world: World) -> None:
    """A task that becomes ready replaces the running one only if it leads by more than the granularity."""
    await follow_the_rules(
        scheduler, world, _SLEEPERS, wants=(NoLead,), avoids=(*_ARRIVALS, *_RETURNS, LeadOfTheRunning)
    )


@cfs.check
async def the_lead_is_the_ready_tasks_own(scheduler: Scheduler, world: World) -> None:
    """The lead is the granularity in the time of the ready task: by the inverse of its weight, not of the running one's."""
    await follow_the_rules(scheduler, world, _WIDE, wants=(LeadOfTheRunning,), avoids=(*_ARRIVALS, *_RETURNS, NoLead))


@cfs.check
async def a_late_look_at_a_switch(scheduler: Scheduler, world: World) -> None:
    """If a task becomes ready while a processor switches, replacing is considered one tick after its task began."""
    await follow_the_rules(
        scheduler,
        world,
        _COSTLY,
        wants=("too early to replace",),
        avoids=(*_ARRIVALS, *_RETURNS, NoLead),
    )
