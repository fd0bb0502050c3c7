"""The lab on false sharing, run for real."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.two_writers import Task, compiled, two_processors

pytestmark = pytest.mark.skipif(find("false-sharing").why_not() is not None, reason="needs two processors")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("false-sharing")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"pause": "0"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_condition_is_measured_as_often(result: Result) -> None:
    """Seven distances, one counter, and one writer, the same number of positive times each."""
    assert list(result.series("counters apart")) == [8, 16, 32, 64, 128, 256, 512]
    assert len({len(sample.values) for sample in result.samples}) == 1
    assert len(result.samples) == 9
    assert all(value > 0 for sample in result.samples for value in sample.values)


def test_it_is_told_how_often_both_wrote(result: Result) -> None:
    """A share from nothing to all."""
    assert 0 <= result.number("share of slices with both writing to the end") <= 1


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval."""
    explanation = find("false-sharing").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high


def test_the_two_are_on_different_processors() -> None:
    """Else they would only take turns."""
    processors = two_processors()

    assert processors is not None
    assert processors[0] != processors[1]


def test_a_writer_alone_needs_nobody() -> None:
    """The slice ends although no second one begins."""
    processors = two_processors()
    assert processors is not None

    assert compiled(processors)(Task(0, 1000, 0, alone=True)).together == 1
