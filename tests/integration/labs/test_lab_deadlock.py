"""The lab on deadlocks, run for real."""

import asyncio
import sys

import pytest

from climb.labs import running
from climb.labs.bench import Bench
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.two_locks import ALONE, BACK_OFF, ONE_LOCK, ONE_ORDER, OPPOSITE, TRY_AGAIN, Task, pair

CURES = (ONE_ORDER, ONE_LOCK, BACK_OFF, TRY_AGAIN)
LONG_SECONDS = 30.0  # far more than is needed


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("deadlock")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"between": "100", "rest": "0"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_trial_is_one_of_the_two_kinds(result: Result) -> None:
    """At least ten trials, and in each something was wanted at least once."""
    trials = [value for sample in result.samples if sample.unit == "times" for value in sample.values]

    assert len(trials) >= 10
    assert min(trials) >= 1


def test_every_cure_is_measured_as_often(result: Result) -> None:
    """And one process alone; all took some time."""
    costs = [result.values(f"time for both locks: {way}") for way in (ALONE, *CURES)]

    assert len({len(values) for values in costs}) == 1
    assert all(value > 0 for values in costs for value in values)


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval."""
    explanation = find("deadlock").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high


def test_opposite_orders_stand_still_and_cures_do_not() -> None:
    """Without an end to their task the two end in a deadlock, and afterwards each cure brings both to the end of theirs."""
    with pair(Bench(lambda _share, _doing: None)) as both:
        bad = both.run(Task(OPPOSITE, sys.maxsize, 0.001, 0, LONG_SECONDS))
        good = [both.run(Task(way, 100, 0, 0, LONG_SECONDS)) for way in CURES]

    assert bad.stood_still
    assert [(done.times, done.stood_still) for done in good] == [(200, False)] * len(CURES)
