"""The lab on new connections, run for real: connections that are closed and connections that stay."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

REUSED = "time of a request, by requests on its connection"
KEPT = "time of a request on one connection kept open"
CONNECT = "of that, until connect returns"


def run(home: Path, **knobs: str) -> Result:
    lab = find("handshake")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module")
def small_answers(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("home"))


def test_each_number_of_requests_is_measured_in_each_round(small_answers: Result) -> None:
    """All conditions have sixty measurements, all of them positive."""
    reused = small_answers.series(REUSED)
    everything = [*reused.values(), small_answers.values(KEPT), small_answers.values(CONNECT)]

    assert list(reused) == [1, 2, 4, 8, 16, 64]
    assert {len(values) for values in everything} == {60}
    assert all(value > 0 for values in everything for value in values)


def test_a_new_connection_takes_longer(small_answers: Result) -> None:
    """A request with a connection of its own takes longer than one of 64 on a connection, and than on the kept one."""
    new = median(small_answers.values(REUSED, 1))

    assert new > median(small_answers.values(REUSED, 64))
    assert new > median(small_answers.values(KEPT))


def test_connecting_is_a_part_of_the_whole(small_answers: Result) -> None:
    """In each round connecting takes less than connecting, asking and closing together."""
    connecting, whole = small_answers.values(CONNECT), small_answers.values(REUSED, 1)

    assert all(part < all_of_it for part, all_of_it in zip(connecting, whole, strict=True))


def test_the_explanation_claims_the_difference(small_answers: Result) -> None:
    """The answer is above 1 with its whole interval, and the headline says so."""
    explanation = find("handshake").explanation(small_answers)

    assert explanation.answer.low > 1
    assert "times as long with a connection of its own" in explanation.headline


def test_long_answers_arrive_whole_between_two_processors(tmp_path: Path) -> None:
    """With answers longer than one read, and client and server apart where the machine has two processors, it runs as well."""
    result = run(tmp_path, answer="100000", processors="2")

    assert len(result.values(KEPT)) == 60
    assert result.number("processors in use") in {1, 2}
