"""The lab on lost updates, run for real."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result

LOCKED, OWN = "a lock around each addition", "a counter each, added up"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("lost-updates")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"writers": "2", "between": "0"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_size_is_measured_as_often(result: Result) -> None:
    """Five sizes without a lock, the same number of runs each, and shares between 0 and 100."""
    found = result.series("lost: no lock")

    assert list(found) == [10, 100, 1000, 10_000, 100_000]
    assert len({len(values) for values in found.values()}) == 1
    assert all(0 <= value <= 100 for values in found.values() for value in values)


@pytest.mark.parametrize("way", [LOCKED, OWN])
def test_the_cures_lose_nothing(result: Result, way: str) -> None:
    """With a lock, and with a counter each, the sum is exact every time."""
    assert set(result.values(f"lost: {way}")) == {0.0}


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is the share at the largest size, and there are two plots."""
    explanation = find("lost-updates").explanation(result)

    assert explanation.answer.low <= explanation.answer.value <= explanation.answer.high
    assert len(explanation.plots) == 2
