"""The kernel's weights for nice values."""

import pytest

from climb.labs.weights import weight_of


def test_the_usual_nice_value_weighs_1024() -> None:
    """NICE_0_LOAD is the unit of all the others."""
    assert weight_of(0) == 1024


def test_the_ends_of_the_table_are_the_kernels() -> None:
    """Forty values, from -20 to 19."""
    assert (weight_of(-20), weight_of(19)) == (88761, 15)


@pytest.mark.parametrize("nice", range(-20, 19))
def test_each_step_is_about_a_quarter_more(nice: int) -> None:
    """The kernel's comment on its table promises about 1.25 between neighbours; rounding moves the small ones by some per cent."""
    assert weight_of(nice) / weight_of(nice + 1) == pytest.approx(1.25, rel=0.05)
