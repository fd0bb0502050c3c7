"""The workloads that checks draw: each check gets some, replays are the same, and the simplest draws make the simplest one."""

from typing import Any

import pytest

from climb.judge.choices import Choices
from climb.judge.world import World
from climb.projects.scheduler.schedule import Schedule
from climb.projects.scheduler.stages import STAGES
from climb.projects.scheduler.stages.draws import Family, Variant, cases, single, suits
from climb.projects.scheduler.stages.mistakes import ComparesWholeBursts

PLAIN = Family(policies=("srtf",), bursts=single(9), arrivals=range(9))
CHECKS = [(stage, check) for stage in STAGES if stage.id != "refusals" for check in stage.checks]


class Asked(Exception):
    """A check asked for a schedule."""


class Never:
    """A program that is never run: asking for it is what is waited for."""

    async def __call__(self, *_args: Any, **_options: Any) -> Schedule:
        raise Asked

    from_file = __call__


@pytest.mark.parametrize(("stage", "check"), CHECKS, ids=[f"{stage.id}/{check.id}" for stage, check in CHECKS])
async def test_each_check_finds_a_workload(stage: Any, check: Any) -> None:
    """From the gate's seed and from others each check draws a workload that suits it, and runs the program on it."""
    for seed in ("c0de", "1", "2"):
        with pytest.raises(Asked):
            await check.function(Never(), World(Choices(f"{seed}/{stage.id}/{check.id}")))


def test_the_same_draws_make_the_same_workloads() -> None:
    """A recorded list of draws makes again what it made."""
    variant = Variant(PLAIN, wants=("replace",))
    first = Choices("seed")
    made = list(cases(first, variant))

    assert list(cases(Choices("other", forced=first.drawn), variant)) == made


def test_past_the_end_of_the_draws_there_is_one_plain_task() -> None:
    """No draws at all make one workload, with one task that takes one tick."""
    ((workload, options),) = cases(Choices("seed", forced=()), Variant(PLAIN))

    assert [(task.id, task.arrival, task.bursts) for task in workload.tasks] == [("A", 0, (1,))]
    assert options.words() == ["--policy", "srtf"]


def test_a_round_can_be_left_out_in_one_move() -> None:
    """Rounds begin at multiples of 32 draws, so a span of that size drops one and leaves the others as they were."""
    drawn = Choices("seed")
    made = list(cases(drawn, Variant(PLAIN), most=4))

    assert list(cases(Choices("seed", forced=drawn.drawn[32:]), Variant(PLAIN), most=3)) == made[1:]


def test_a_case_shows_what_its_variant_wants() -> None:
    """Of what is drawn only workloads on which the mistake shows are used, and none with what is to be avoided."""
    variant = Variant(PLAIN, wants=(ComparesWholeBursts,), avoids=("tie",))

    made = list(cases(Choices("seed"), variant, most=4))

    assert made
    assert all(suits(case, variant) for case in made)


def test_each_variant_gets_a_workload() -> None:
    """Also a variant that few draws suit gets one, when the others have long had theirs."""
    rare = Variant(PLAIN, wants=("replace", "even", "tie", "gap"))

    made = list(cases(Choices("seed"), Variant(PLAIN), rare, most=2))

    assert any(suits(case, rare) for case in made)


def test_a_variant_that_nothing_suits_is_a_mistake() -> None:
    """A check that finds no workload does not pass without having judged anything."""
    nothing = Variant(PLAIN, wants=("tie",), avoids=("tie",))

    with pytest.raises(LookupError):
        list(cases(Choices("seed"), Variant(PLAIN), nothing, most=2))
