"""The lab on DNS caching, run for real with the nearest server: the cache saves time, and is wrong for a while."""

import asyncio

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

pytestmark = pytest.mark.slow

ASKED = "asked each time, mean of a round"
CACHED = "with a cache, mean of a round"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab, home = find("dns-cache"), tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"distance": "1", "names": "30"}), None)
    done = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert done.failed is None, done.failed
    return done


def test_every_round_is_measured(result: Result) -> None:
    """Each of twelve rounds has its mean with and without the cache, and its share of hits."""
    assert [len(result.values(series)) for series in (ASKED, CACHED, "lookups that the cache answered")] == [12] * 3


def test_asking_takes_the_distance(result: Result) -> None:
    """No lookup without the cache takes less than the server sleeps."""
    assert min(result.values(ASKED)) >= 1


def test_the_cache_answers_some(result: Result) -> None:
    """With thirty names some lookups are hits, and each costs less than asking."""
    hits = result.values("answered from the cache")

    assert hits
    assert median(hits) / 1000 < median(result.values(ASKED))
    assert median(result.values(CACHED)) < median(result.values(ASKED))


def test_every_moved_name_is_seen_in_the_end(result: Result) -> None:
    """All forty names get their new address, some later than others."""
    stale = result.values("old address after the change")

    assert len(stale) == 40
    assert min(stale) >= 0
    assert max(stale) > median(stale)


def test_localhost_is_measured_or_missing_with_a_reason(result: Result) -> None:
    """getaddrinfo("localhost") has its times, or the result says why there are none."""
    name = 'getaddrinfo("localhost")'

    assert name in result.facts or all(value > 0 for value in result.values(name))


def test_the_explanation_answers_with_the_ratio(result: Result) -> None:
    """The answer is how many times as long the average lookup takes without the cache."""
    answer = find("dns-cache").explanation(result).answer

    assert answer.value == median(result.values(ASKED)) / median(result.values(CACHED))
