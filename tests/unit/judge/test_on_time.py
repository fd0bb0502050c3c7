"""When something is too early, in time, or too late."""

from __future__ import annotations

import asyncio

import pytest

from climb.judge.calibration import Calibration
from climb.judge.evidence import Comparison
from climb.judge.expect import CannotTell, Failure
from climb.judge.on_time import Clock, clock

START = Calibration(what="one start", seconds=0.02, spread=1.0)  # so 0.2 s are allowed for a busy machine


def judged(happened: float | None, *, due_s: float = 1.0, late_s: float = 0.0) -> str:
    """What the demand says of something that began to count between 10.0 and 10.1."""
    clock = Clock(START)
    clock.late_s = late_s
    try:
        clock.demand(happened, since=(10.0, 10.1), due_s=due_s, subject="it ends", why="It must.")
    except Failure as failure:
        comparison = failure.evidence[0]
        assert isinstance(comparison, Comparison)
        return comparison.received
    return "held"


@pytest.mark.parametrize("happened", [11.0, 10.99, 11.5, 12.2])
def test_in_time_holds(happened: float) -> None:
    """Not before its time, and at most a second later, and what a busy machine takes."""
    assert judged(happened) == "held"


def test_a_long_time_may_be_late_by_a_tenth() -> None:
    """Of 30 s that is 3."""
    assert judged(43.2, due_s=30.0) == "held"
    assert judged(43.5, due_s=30.0) != "held"


@pytest.mark.parametrize(("happened", "received"), [(10.5, "after 0.500 s"), (12.5, "2.4 s")])
def test_too_early_and_too_late_are_blamed(happened: float, received: str) -> None:
    """Too early counts from the earliest moment, too late from the latest."""
    assert judged(happened) == received


def test_what_never_happened_is_too_late() -> None:
    """There is no time to tell then."""
    assert judged(None).startswith("not by then")


def test_what_the_judge_was_late_is_allowed() -> None:
    """It may have noticed so much later."""
    assert judged(12.5, late_s=0.3) == "held"


@pytest.mark.parametrize(("late_s", "kind"), [(0.0, Failure), (0.6, CannotTell)])
def test_a_busy_machine_blames_nobody(late_s: float, kind: type[Exception]) -> None:
    """What fails while the judge itself was very late may be the judge's doing."""

    async def timed() -> None:
        async with clock() as watch:
            watch.late_s += late_s
            raise Failure("it ends")

    with pytest.raises(kind, match="it ends"):
        asyncio.run(timed())
