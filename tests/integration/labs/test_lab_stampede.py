"""The lab on stampedes, run for real at a small load."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.running_out import EARLY, FLIGHT, LOCK, NOTHING, WAYS
from climb.labs.statistics import median


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("stampede")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"rate": "500", "query": "10", "copies": "4"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def asked(result: Result, way: str) -> tuple[float, ...]:
    return result.values(f"queries that reached the database: {way}")


def waited(result: Result, way: str) -> tuple[float, ...]:
    return result.values(f"requests that waited: {way}")


def test_every_way_lets_the_entry_run_out_as_often(result: Result) -> None:
    """And each time somebody asked the database."""
    assert len({len(asked(result, way)) for way in WAYS}) == 1
    assert all(count >= 1 for way in WAYS for count in asked(result, way))


def test_a_lock_lets_one_query_through(result: Result) -> None:
    """Each time, whatever the load and however busy the machine."""
    assert set(asked(result, LOCK)) == {1}


def test_single_flight_lets_one_query_through_for_each_copy(result: Result) -> None:
    """At most: a copy that nobody asked in that time has none."""
    assert max(asked(result, FLIGHT)) <= 4


def test_who_asks_waits(result: Result) -> None:
    """As many as asked where each asks for itself; at least as many where they share."""
    assert waited(result, NOTHING) == asked(result, NOTHING)
    assert waited(result, EARLY) == asked(result, EARLY)
    for way in (FLIGHT, LOCK):
        assert all(some >= others for some, others in zip(waited(result, way), asked(result, way), strict=True))


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is the middle of what was counted with nothing against it."""
    explanation = find("stampede").explanation(result)

    assert explanation.answer.value == median(asked(result, NOTHING))
    assert "with a lock in the cache 1." in explanation.headline
