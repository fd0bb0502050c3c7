"""When a race says that it can't say anything."""

import time

from hypothesis import given, strategies as st

from climb.judge.calibration import Calibration
from climb.labs.statistics import Estimate
from climb.races.noise import Meter, Noise, plain_loop, too_noisy

CLEAR = Estimate(2.0, 1.9, 2.1)
PART = st.floats(0, 64)
MS = st.floats(1, 1000)
NOISES = st.builds(Noise, others=PART, stolen=PART, idle=PART, before_ms=MS, after_ms=MS)


def noise(
    others: float = 0.0, stolen: float = 0.0, idle: float = 1.0, before: float = 10.0, after: float = 10.0
) -> Noise:
    return Noise(others=others, stolen=stolen, idle=idle, before_ms=before, after_ms=after)


def test_a_quiet_machine_and_a_clear_ratio_give_no_reason() -> None:
    """Then something can be claimed."""
    assert too_noisy(noise(), CLEAR, 6, timed=True) == ""


def test_another_process_is_named_with_what_it_used() -> None:
    """The reason says how much of a processor others used."""
    assert too_noisy(noise(others=0.8, idle=0.1), CLEAR, 6, timed=True) == "another process used 0.8 of a processor"


def test_several_processors_are_those_of_other_processes() -> None:
    """What is more than one processor is not one process's."""
    assert too_noisy(noise(others=1.7, idle=0.1), CLEAR, 6, timed=True) == "other processes used 1.7 processors"


@given(PART)
def test_others_are_in_nobodys_way_where_processors_are_idle(others: float) -> None:
    """Load that leaves processors idle takes nothing from a race."""
    assert too_noisy(noise(others=others, idle=0.5), CLEAR, 6, timed=True) == ""


def test_a_machine_that_changed_is_no_ground() -> None:
    """A plain loop that takes much longer after the heats than before is a reason, in either direction."""
    for found in (noise(before=10, after=16), noise(before=16, after=10)):
        assert too_noisy(found, CLEAR, 6, timed=True).startswith("the machine changed: a plain loop took 1")


def test_stolen_time_is_a_reason() -> None:
    """The hypervisor's share is told."""
    told = too_noisy(noise(stolen=0.3), CLEAR, 6, timed=True)

    assert told == "the hypervisor gave 0.3 of a processor to other machines"


@given(NOISES)
def test_what_is_not_about_time_does_not_care(found: Noise) -> None:
    """Memory is the same on a busy machine."""
    assert too_noisy(found, CLEAR, 6, timed=False) == ""


@given(NOISES, st.floats(0.01, 100), st.floats(1.51, 100))
def test_a_wide_interval_is_never_claimed(found: Noise, low: float, times: float) -> None:
    """However quiet the machine was."""
    assert "scatter" in too_noisy(found, Estimate(low * 1.2, low, low * times), 6, timed=False)


def test_too_few_pairs_ask_for_more_time() -> None:
    """One pair has no interval, and the reason says what to do."""
    assert too_noisy(noise(), None, 1, timed=True) == "1 pair of heats in this time: give it more with --seconds"


@given(NOISES, st.text("abc", min_size=1))
def test_a_doubt_of_the_race_itself_comes_first(found: Noise, doubt: str) -> None:
    """What a race says of a quarter of its heats stands before what the machine shows."""
    assert too_noisy(found, CLEAR, 4, timed=True, doubts=(doubt, "another")).startswith(doubt)


def test_one_doubtful_heat_of_many_is_borne() -> None:
    """It makes the interval wider, and that is all."""
    assert too_noisy(noise(), CLEAR, 6, timed=True, doubts=("late", "late")) == ""


def test_a_plain_loop_takes_time() -> None:
    """The calibration is a time above 0, with the spread of its batches."""
    found = plain_loop()

    assert found.seconds > 0
    assert found.spread >= 1


def test_our_own_work_is_not_that_of_others() -> None:
    """A block in which this process alone is busy tells of no more others than there are processors, and what programs of ours used is taken off."""
    calibration = Calibration(what="", seconds=1.0, spread=1.0)
    idle, working = Meter(), Meter()
    spent = iter((0.0, 1000.0))  # a program of ours that would have used a thousand seconds
    with idle.measured(lambda: 0.0), working.measured(lambda: next(spent)):
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            pass

    assert working.noise(calibration, calibration).others == 0.0
    assert working.noise(calibration, calibration).others <= idle.noise(calibration, calibration).others
