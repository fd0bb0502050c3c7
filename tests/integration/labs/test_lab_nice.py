"""The lab on nice, run for real: shares of one processor among hogs."""

import asyncio
import mmap
import os
from pathlib import Path

import psutil
import pytest

from climb.labs import running
from climb.labs.bench import Bench, received
from climb.labs.lab import find
from climb.labs.nice import _compute
from climb.labs.result import Result
from climb.labs.statistics import median

EQUAL = "one of the hogs, all equally nice"
NICER = "the nicer hog"
FREE = "the nicer hog, on a processor of its own"
FREE_OTHER = "another hog, on the other processor"


def run(home: Path, **knobs: str) -> Result:
    lab = find("nice")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("home"), difference="10")


def test_every_condition_is_measured_alike(result: Result) -> None:
    """As many shares with a difference as without, and on two processors where there are two."""
    apart = {FREE, FREE_OTHER} if len(os.sched_getaffinity(0)) > 1 else set()
    counts = {sample.series: len(sample.values) for sample in result.samples}

    assert set(counts) == {EQUAL, NICER} | apart
    assert len(set(counts.values())) == 1


def test_shares_are_shares(result: Result) -> None:
    """Of one processor nobody gets less than nothing or more than all of it."""
    for series in (EQUAL, NICER):
        assert all(0 <= value <= 100 for value in result.values(series))


def test_the_nicer_one_gets_less(result: Result) -> None:
    """Ten steps nicer in the same session is less than an even share, on any Linux."""
    assert median(result.values(NICER)) < median(result.values(EQUAL))


def test_the_nice_values_are_as_asked(result: Result) -> None:
    """Ten steps lie between them, counted from this process' own, up to the nicest."""
    base = os.getpriority(os.PRIO_PROCESS, 0)

    assert result.number("nice of the others") == base
    assert result.number("nice of the nicer one") == min(base + 10, 19)


def test_what_else_decides_is_recorded(result: Result) -> None:
    """Whether sessions are weighed, and in which control group this was."""
    assert result.number("sched_autogroup_enabled") in {0, 1}
    assert str(result.facts["control group of the processor"]).startswith("/")


def test_the_explanation_answers_with_the_share(result: Result) -> None:
    """The answer is the median of the nicer one's shares."""
    assert find("nice").explanation(result).answer.value == median(result.values(NICER))


def test_a_hog_with_a_session_of_its_own_ends_too() -> None:
    """It has left the session, in which the others are ended together, and is gone all the same."""
    bench = Bench(lambda _share, _doing: None)
    with bench.process(_compute, 1, True, mmap.mmap(-1, 1)) as control:
        number, _ = received(control)
        session = os.getsid(number)

    assert session == number
    assert not psutil.pid_exists(number)
