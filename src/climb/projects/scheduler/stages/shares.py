"""Stage 10: proportional shares, by luck and without."""

from __future__ import annotations

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.draws import Family, Variant, single, with_io
from climb.projects.scheduler.stages.judged import follow_the_rules
from climb.projects.scheduler.stages.mistakes import (
    ArrivesAtZero,
    CountsInReadyOrder,
    OwnPassOnReturn,
    ReturnsAtTheFloor,
    SkipsLonelyDraws,
    WholeQuantumCharged,
)

__all__ = ["shares"]

shares = Stage(
    "shares",
    "Lottery and stride",
    concepts=["scheduling", "virtual-time"],
    hints=[
        "A lottery is fair in the long run. What would have to be remembered to be fair in the short run as well?",
        "For `lottery`, print the numbers of your generator from seed 1 and compare them with the brief's. For `stride`, keep a pass for each task, and one number for the queue: the largest pass "
        "of those picked so far.",
        "Lottery: at each pick, one ready task or many, x = 48271 · x mod 2147483647, and x modulo the sum of the ready tickets wins; count through the ready tasks in the order of the workload. "
        "Stride: a tick adds ⌊1048576 / tickets⌋. On picking, floor = max(floor, pass). On arrival pass = floor, on return pass = max(pass, floor).",
    ],
)

_TICKETS = tuple({"tickets": count} for count in (100, 1, 50, 200, 300, 17, 1_000_000, 7))
_SOME_TICKETS = tuple({"tickets": count} for count in (100, 50, 200, 300, 70))
_QUANTA = tuple({"given_quantum": ticks} for ticks in (2, 1, 3))
_SEEDS: tuple[dict[str, int], ...] = (
    {},
    *({"given_seed": seed} for seed in (2, 3, 42, 48271, 1_000_003, 2_147_483_646)),
)
_LOTTERY = Family(
    policies=("lottery",),
    bursts=single(9),
    arrivals=(0,),
    extras=_TICKETS,
    options=_QUANTA,
    more_options=_SEEDS,
    most=4,
)
_LOTTERY_LATER = Family(
    policies=("lottery",),
    bursts=single(6),
    arrivals=range(8),
    extras=_TICKETS,
    options=({"given_quantum": 7},),
    more_options=_SEEDS,
    most=4,
)
_STRIDE = Family(policies=("stride",), bursts=single(12), arrivals=(0,), extras=_TICKETS, options=_QUANTA, most=5)
_STRIDE_LATER = Family(
    policies=("stride",), bursts=single(12), arrivals=range(12), extras=({},), options=_QUANTA, most=4
)
_STRIDE_IO = Family(policies=("stride",), bursts=with_io(5, 5), arrivals=(0,), extras=({},), options=_QUANTA, most=3)


@shares.check
async def the_winning_ticket(scheduler: Scheduler, world: World) -> None:
    """lottery: each pick draws the generator's next number, and the holder of the winning ticket runs for at most one quantum."""
    await follow_the_rules(scheduler, world, Variant(_LOTTERY, avoids=(CountsInReadyOrder, SkipsLonelyDraws)))


@shares.check
async def tickets_in_the_order_of_the_workload(scheduler: Scheduler, world: World) -> None:
    """lottery: tickets are counted in the order of the workload, whoever became ready first."""
    await follow_the_rules(
        scheduler, world, Variant(_LOTTERY_LATER, wants=(CountsInReadyOrder,), avoids=(SkipsLonelyDraws,))
    )


@shares.check
async def a_draw_for_one(scheduler: Scheduler, world: World) -> None:
    """lottery: a number is drawn also when only one task is ready."""
    await follow_the_rules(
        scheduler, world, Variant(_LOTTERY_LATER, wants=(SkipsLonelyDraws,), avoids=(CountsInReadyOrder,))
    )


@shares.check
async def the_smallest_pass(scheduler: Scheduler, world: World) -> None:
    """stride: the ready task with the smallest pass runs, of equal ones the one that has been ready longer."""
    await follow_the_rules(scheduler, world, Variant(_STRIDE))


@shares.check
async def the_floor(scheduler: Scheduler, world: World) -> None:
    """stride: a task that arrives begins at the floor; one that comes back gets the larger of the floor and its pass, charged for the ticks that it ran."""
    await follow_the_rules(
        scheduler,
        world,
        Variant(_STRIDE_LATER, wants=(ArrivesAtZero,)),
        Variant(_STRIDE_IO, wants=(OwnPassOnReturn,)),
        Variant(_STRIDE_IO, wants=(ReturnsAtTheFloor,)),
        Variant(_STRIDE_IO, wants=(WholeQuantumCharged,)),
        most=8,
    )
