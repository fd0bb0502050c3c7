"""Medians, quantiles and intervals: against values computed by hand, and what holds for any values."""

import pytest
from hypothesis import given, settings, strategies as st

from climb.labs.statistics import Estimate, median, median_estimate, quantile, ratio_estimate, share_estimate, spread

measurements = st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=30)
shares = st.floats(min_value=0, max_value=1)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 0.3, 7),
        ([4, 1, 3, 2], 0.5, 2.5),
        ([4, 1, 3, 2], 0.25, 1.75),
        ([10, 20, 30, 40, 50], 0.9, 46),
        ([5, 1, 9], 0, 1),
        ([5, 1, 9], 1, 9),
    ],
)
def test_quantiles_interpolate_between_neighbours(values: list[float], share: float, expected: float) -> None:
    """Computed by hand: position share × (n - 1) among the sorted values."""
    assert quantile(values, share) == pytest.approx(expected)


def test_the_spread_is_the_middle_half_by_the_median() -> None:
    """Of 1 to 5 the middle half reaches from 2 to 4, and the median is 3."""
    assert spread([5, 1, 4, 2, 3]) == pytest.approx(2 / 3)


def test_equal_values_have_no_spread() -> None:
    """No difference, no interval, and zeros do not divide."""
    assert spread([2, 2, 2]) == 0
    assert spread([0, 0, 0]) == 0
    assert median_estimate([2, 2, 2]) == Estimate(2, 2, 2)


def test_one_measurement_is_its_own_interval() -> None:
    """Nothing is known of how it varies."""
    assert median_estimate([3.5]) == Estimate(3.5, 3.5, 3.5)
    assert ratio_estimate([6], [2]) == Estimate(3, 3, 3)


def test_the_ratio_is_of_the_medians() -> None:
    """Medians 20 and 4 are 5 times as much, though the means would say otherwise."""
    assert ratio_estimate([10, 20, 1000], [3, 4, 5]).value == 5


def test_an_outlier_does_not_move_the_median() -> None:
    """Of a hundred values, one that is a million times as large leaves value and interval at the others."""
    assert median_estimate([1.0] * 99 + [1e6]) == Estimate(1, 1, 1)


def test_the_interval_of_a_median_is_about_the_exact_one() -> None:
    """For 1 to 100 order statistics give 40 to 61 (binomial, 95 %); the bootstrap comes within two ranks of them."""
    estimate = median_estimate(list(range(1, 101)))

    assert estimate.low == pytest.approx(40.5, abs=2)
    assert estimate.high == pytest.approx(60.5, abs=2)


def test_clearly_different_samples_have_a_ratio_clearly_above_one() -> None:
    """Samples that don't overlap give an interval without 1; equal ones give an interval with it."""
    low, high = [9.0, 10.0, 11.0] * 5, [19.0, 20.0, 21.0] * 5

    assert ratio_estimate(high, low).low > 1
    assert ratio_estimate(low, low).low <= 1 <= ratio_estimate(low, low).high


@given(values=measurements, share=shares)
def test_a_quantile_lies_among_the_values(values: list[float], share: float) -> None:
    """It is never below the least nor above the greatest."""
    assert min(values) * (1 - 1e-9) <= quantile(values, share) <= max(values) * (1 + 1e-9)


@given(values=measurements, one=shares, other=shares)
def test_quantiles_rise_with_the_share(values: list[float], one: float, other: float) -> None:
    """A larger share never gives a smaller value, rounding aside."""
    below, above = quantile(values, min(one, other)), quantile(values, max(one, other))

    assert below <= above * (1 + 1e-9)


@given(values=measurements)
def test_the_middle_quantile_is_the_median(values: list[float]) -> None:
    """Share one half is the median."""
    assert quantile(values, 0.5) == pytest.approx(median(values))


@settings(max_examples=30, deadline=None)
@given(values=measurements)
def test_an_interval_holds_its_value_and_stays_among_the_values(values: list[float]) -> None:
    """least ≤ low ≤ median ≤ high ≤ greatest."""
    estimate = median_estimate(values)

    assert min(values) <= estimate.low <= estimate.value <= estimate.high <= max(values)


@settings(max_examples=20, deadline=None)
@given(values=measurements)
def test_the_same_values_give_the_same_interval(values: list[float]) -> None:
    """An explanation does not change when it is read again."""
    assert median_estimate(values) == median_estimate(values)
    assert ratio_estimate(values, values) == ratio_estimate(values, values)


@settings(max_examples=20, deadline=None)
@given(values=measurements, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_another_unit_is_another_scale(values: list[float], factor: float) -> None:
    """Measured in another unit, value and interval are the same lengths."""
    one, other = median_estimate(values), median_estimate([value * factor for value in values])

    assert (other.value, other.low, other.high) == pytest.approx(
        (one.value * factor, one.low * factor, one.high * factor)
    )


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(1, 10, 0.01787, 0.40415), (0, 10, 0.0, 0.27753), (10, 10, 0.72247, 1.0), (50, 100, 0.40383, 0.59617)],
)
def test_a_share_has_wilsons_interval(count: int, of: int, low: float, high: float) -> None:
    """Against values computed by the formula elsewhere; also where none or all are counted."""
    estimate = share_estimate(count, of)

    assert estimate.value == count / of
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=2e-4)
