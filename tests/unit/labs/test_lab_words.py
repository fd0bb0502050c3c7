"""Measured numbers in words."""

import pytest

from climb.labs.statistics import Estimate
from climb.labs.words import number, with_interval, with_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0031249, "0.00312"),
        (4.5649, "4.56"),
        (78.94, "78.9"),
        (99.96, "100"),
        (123.4, "123"),
        (12_345, "12,300"),
        (1_000_000, "1,000,000"),
        (-4.5649, "-4.56"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    """Three significant digits, thousands separated."""
    assert number(value) == text


def test_a_number_without_a_unit_ends_in_no_space() -> None:
    """A lab that is gone has none."""
    assert (with_unit(4.5649, "ms"), with_unit(4.5649, "")) == ("4.56 ms", "4.56")


def test_an_interval_that_can_not_be_seen_is_left_out() -> None:
    """Its ends would read like the value."""
    assert with_interval(Estimate(5.1, 4.8, 5.5), "×") == "5.1 × (4.8 to 5.5)"
    assert with_interval(Estimate(5.1, 5.1, 5.1001), "×") == "5.1 ×"
