"""The lab on lookup structures, run for real."""

import asyncio

import numpy as np
import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.lookups import Makers, compiled, keys_of
from climb.labs.result import Result

WAYS = ("hash table", "sorted array, halved", "wide tree", "binary tree")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    lab = find("lookup-structures")
    home = tmp_path_factory.mktemp("home")
    begun = running.begin(home, lab, lab.settings({"largest": "10000"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module")
def makers() -> Makers:
    return compiled()


@pytest.mark.parametrize("way", WAYS)
def test_every_size_is_measured_as_often(result: Result, way: str) -> None:
    """All sizes up to the largest, the same number of positive times each."""
    found = result.series(way)

    assert list(found) == [10, 30, 100, 300, 1000, 3000, 10_000]
    assert len({len(values) for values in found.values()}) == 1
    assert all(value > 0 for values in found.values() for value in values)


def test_small_arrays_are_scanned(result: Result) -> None:
    """The scan ends before it takes too long."""
    assert list(result.series("unsorted array, scanned")) == [10, 30, 100, 300, 1000, 3000]


def test_the_explanation_speaks_of_this_run(result: Result) -> None:
    """The answer is positive and in its interval."""
    explanation = find("lookup-structures").explanation(result)

    assert 0 < explanation.answer.low <= explanation.answer.value <= explanation.answer.high


def test_every_structure_finds_every_key_in_a_place_of_its_own(makers: Makers) -> None:
    """So each finds what it looks for, whatever the size; 240 and 256 are just full trees, and one more."""
    for count in (1, 2, 15, 16, 17, 240, 255, 256, 1000):
        keys = keys_of(count)
        made = [makers.scanned(keys), makers.halved(keys), makers.hashed(keys, 0.9), makers.hashed(keys, 0.25)]
        made += [makers.tree(keys, width) for width in (1, 3, 15, 31)]
        found = [{look_up(keys[place : place + 1]) for place in range(count)} for look_up in made]

        assert [len(places) for places in found] == [count] * len(made)


def test_an_absent_key_is_not_found_where_one_is(makers: Makers) -> None:
    """A hash table's place for it is none of the places of its keys."""
    keys = keys_of(1000)
    absent = np.setdiff1d(keys_of(1100), keys)
    table = makers.hashed(keys, 0.5)

    assert not {table(keys[at : at + 1]) for at in range(1000)} & {table(absent[at : at + 1]) for at in range(100)}
