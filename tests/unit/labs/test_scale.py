"""Axes: round ticks, all data on them, far marks beyond them."""

import pytest
from hypothesis import given, strategies as st

from climb.labs.scale import Scale, figure, linear_scale, log_scale, tick_label

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_lengths_begin_at_zero() -> None:
    """However far from zero the values are."""
    assert linear_scale([970, 1030], zero=True).low == 0


def test_ticks_are_multiples_of_one_two_or_five() -> None:
    """Of a power of ten."""
    assert linear_scale([0, 97], zero=True).ticks(5) == (0, 20, 40, 60, 80, 100)


def test_logarithmic_ticks_are_decades() -> None:
    """Where there are several."""
    scale = log_scale([3, 70_000])

    assert scale is not None
    assert scale.ticks(6) == (10, 100, 1000, 10_000, 100_000)


def test_nothing_above_zero_has_no_logarithmic_axis() -> None:
    """Whoever draws takes a linear one."""
    assert log_scale([0, -3]) is None


def test_a_near_mark_is_on_the_axis() -> None:
    """The axis is made longer for it."""
    scale = linear_scale([10, 20], [60], zero=True)

    assert scale.high >= 60
    assert scale.beyond(60) == 0


def test_a_far_mark_stays_beyond_the_end() -> None:
    """It would squeeze all values into nothing."""
    scale = linear_scale([10, 20], [10_000], zero=True)

    assert scale.high < 100
    assert scale.beyond(10_000) == 1
    assert scale.share(10_000) == 1


def test_an_axis_of_runs_has_whole_ticks() -> None:
    """There is no run 1.5."""
    assert linear_scale([1, 2, 3], zero=False, round_ends=False).ticks(6) == (1, 2, 3)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (4096, "4,096"),
        (1234.5, "1,230"),
        (0.003124, "0.00312"),
        (-2.5, "-2.5"),
        (1.5e-7, "1.5 × 10⁻⁷"),
        (3.2e12, "3.2 × 10¹²"),
    ],
)
def test_a_figure_is_short_and_exact_where_it_counts(value: float, written: str) -> None:
    """Whole numbers whole, others with three digits, without zeros to count."""
    assert figure(value) == written


def test_a_decade_is_written_as_a_power() -> None:
    """From a million on."""
    assert [tick_label(10.0**power) for power in (-5, 0, 3, 6)] == ["10⁻⁵", "1", "1,000", "10⁶"]


@given(st.lists(finite, min_size=1, max_size=6), st.lists(finite, max_size=2), st.booleans())
def test_every_value_has_a_place(values: list[float], marks: list[float], zero: bool) -> None:
    """From 0 to 1, and larger values further on."""
    scales: list[Scale | None] = [linear_scale(values, marks, zero=zero), log_scale(values, marks)]
    for scale in scales:
        if scale is None:
            continue
        shares = [scale.share(value) for value in sorted(values)]

        assert shares == sorted(shares)
        assert all(0 <= share <= 1 for share in shares)
        assert len(scale.ticks(5)) <= 12
