"""The lab on a query for each row, run for real with few rows."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("n-plus-one")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"rows": "10", "delay": "1"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_way_is_measured_as_often_in_both_places(result: Result) -> None:
    """Three ways for one, three and ten orders, near and farther away."""
    series = [
        result.series(f"{way}, {place}")
        for way in ("a query for each row", "one join", "two queries")
        for place in ("near", "farther away")
    ]

    assert [tuple(found) for found in series] == [(1, 3, 10)] * 6
    assert len({len(values) for found in series for values in found.values()}) == 1


def test_the_relay_adds_its_delay(result: Result) -> None:
    """No query through it is there before the millisecond that was asked for."""
    assert min(result.values("a query that reads nothing, farther away")) >= 1


def test_eleven_queries_take_longer_than_one(result: Result) -> None:
    """With a delay for each of them."""
    each, join = (median(result.values(f"{way}, farther away", 10)) for way in ("a query for each row", "one join"))

    assert each > join
    assert min(result.values("a query for each row, farther away", 10)) >= 11


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval, and the headline names the orders."""
    explanation = find("n-plus-one").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high
    assert "10 orders took" in explanation.headline
