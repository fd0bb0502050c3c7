"""The lab on more threads, run for real."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.sharing_work import compiled

LOCKED, FREE = "part of it under a lock", "nothing shared"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("more-threads-slower")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"threads": "4", "steps": "100"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.mark.parametrize("way", [LOCKED, FREE])
def test_every_number_of_threads_is_measured_as_often(result: Result, way: str) -> None:
    """One to four threads, the same number of positive rates each."""
    found = result.series(way)

    assert list(found) == [1, 2, 3, 4]
    assert len({len(values) for values in found.values()}) == 1
    assert all(value > 0 for values in found.values() for value in values)


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval."""
    explanation = find("more-threads-slower").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high


def test_threads_end_when_they_are_told() -> None:
    """All work under the lock, none, or half: units are done, and no thread is left waiting for the mutex."""
    run = compiled()

    assert all(run(3, alone, locked, 0.01).units > 0 for alone, locked in ((0, 100), (100, 0), (50, 50)))
