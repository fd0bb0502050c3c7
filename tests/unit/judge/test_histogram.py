"""Histograms against exact percentiles: any values, in constant memory, and none off by more than its last digit."""

import math

import msgspec
import pytest
from hypothesis import given, strategies as st

from climb.judge.load.histogram import Histogram, Recorder

values = st.lists(st.integers(0, 1 << 41) | st.integers(0, 5000), min_size=1, max_size=200)
percentiles = st.floats(0, 100) | st.sampled_from([0.0, 50.0, 90.0, 99.0, 99.9, 100.0])


def recorded(given: list[int], digits: int = 3) -> Histogram:
    recorder = Recorder(digits)
    for value in given:
        recorder.record(value)
    return recorder.histogram()


def exact(given: list[int], percentile: float) -> int:
    rank = max(math.ceil(round(percentile / 100 * len(given), 6)), 1)
    return sorted(given)[rank - 1]


@given(values, percentiles, st.sampled_from([2, 3]))
def test_a_percentile_is_the_exact_one_to_its_digits(given: list[int], percentile: float, digits: int) -> None:
    """Never below it, and above by less than one unit of the last digit."""
    true = exact(given, percentile)
    found = recorded(given, digits).percentile_ns(percentile)

    assert true <= found <= true * (1 + 10**-digits)


@given(values)
def test_count_mean_and_ends_are_exact(given: list[int]) -> None:
    """They are counted beside the buckets."""
    found = recorded(given)

    assert found.count == len(given)
    assert found.mean_ms == pytest.approx(sum(given) / len(given) / 1e6)
    assert (found.least_ns, found.largest_ns) == (min(given), max(given))
    assert found.percentile_ns(100) == max(given)


@given(values, values)
def test_adding_is_recording_both(one: list[int], other: list[int]) -> None:
    """In either order, and nothing added changes nothing."""
    both = recorded(one + other)

    assert recorded(one) + recorded(other) == recorded(other) + recorded(one) == both
    assert both + Histogram() == Histogram() + both == both


@given(values)
def test_a_histogram_survives_being_told(given: list[int]) -> None:
    """The sending process writes it as JSON."""
    found = recorded(given)

    assert msgspec.json.decode(msgspec.json.encode(found), type=Histogram) == found


@given(values)
def test_a_curve_climbs_to_the_largest(given: list[int]) -> None:
    """Percentiles and values never fall, from 0 percent up to the one that the largest value stands for."""
    points = recorded(given).curve()
    places, heights = [point[0] for point in points], [point[1] for point in points]

    assert places == sorted(places)
    assert heights == sorted(heights)
    assert points[-1] == (100 - 100 / len(given), max(given) / 1e6)


@given(values, st.integers(0, 1 << 41))
def test_what_is_above_a_limit_is_counted(given: list[int], limit: int) -> None:
    """All that are clearly above, none that are not above."""
    above = recorded(given).above(limit)

    assert sum(value > limit * 1.001 for value in given) <= above <= sum(value > limit for value in given)


def test_nothing_recorded_has_percentiles_too() -> None:
    """They are zero, and the curve is empty."""
    nothing = Recorder().histogram()

    assert (nothing.count, nothing.percentile_ns(99), nothing.max_ms, nothing.curve()) == (0, 0, 0, ())


def test_what_is_too_long_counts_as_the_longest() -> None:
    """And what is below zero as zero: a histogram has room for every number."""
    found = recorded([-5, 1 << 60])

    assert (found.count, found.least_ns) == (2, 0)
    assert found.largest_ns < 1 << 43


def test_other_digits_cannot_be_added() -> None:
    """Their buckets are other ones."""
    with pytest.raises(ValueError, match="different digits"):
        recorded([1], 2) + recorded([1], 3)
