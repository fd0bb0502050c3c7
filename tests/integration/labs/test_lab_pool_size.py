"""The lab on pool sizes, run for real at a small load."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.pool_size import arrivals, sizes_around
from climb.labs.result import Result
from climb.labs.statistics import median


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("pool-size")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"rate": "100", "hold": "10"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


SIZES = sizes_around(1)


def test_every_request_is_answered_in_every_pool(result: Result) -> None:
    """As many as arrive, whatever the size, and none waits less than it is held."""
    took = result.series("time of a request")

    assert tuple(took) == SIZES
    assert {len(values) for values in took.values()} == {len(arrivals(100, 1.2))}
    assert all(min(values) >= 10 for values in took.values())


def test_no_more_are_at_work_than_there_are(result: Result) -> None:
    """PostgreSQL never counts more connections at work than the pool has."""
    for size, counts in result.series("connections at work, counted by PostgreSQL").items():
        assert 0 <= min(counts) <= max(counts) <= size


def test_a_pool_of_one_makes_requests_wait(result: Result) -> None:
    """At a load that needs all of it, a request takes longer than in the largest pool, and longer than a connection is held."""
    took = {size: median(values) for size, values in result.series("time of a request").items()}

    assert took[1] > took[SIZES[-1]]
    assert took[1] > median(result.values("connection held", 1))


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is what was counted, and Little's law stands beside it."""
    explanation = find("pool-size").explanation(result)
    counts = result.values("connections at work, counted by PostgreSQL", SIZES[-1])

    assert explanation.answer.value == pytest.approx(sum(counts) / len(counts))
    assert "Little's law says 1." in explanation.headline
