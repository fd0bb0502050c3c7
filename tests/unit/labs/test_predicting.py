"""A prediction as people type it."""

import pytest

from climb.errors import UsageError
from climb.labs.lab import Lab, Prediction
from climb.labs.predicting import read_prediction


def lab(unit: str) -> Lab:
    """A lab whose prediction has that unit."""
    asked = Prediction(ask="How many?", unit=unit)
    return Lab(title="…", question="…", about="…", concepts=(), prediction=asked, seconds=1)


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("3", "×", 3.0),
        (" 2.5 × ", "×", 2.5),
        ("2.5x", "×", 2.5),
        ("2,5", "ms", 2.5),
        ("12,000", "connections", 12000.0),
        ("12 000 KiB", "KiB", 12000.0),
        ("1e3", "", 1000.0),
    ],
)
def test_a_number_is_read_as_it_was_meant(typed: str, unit: str, value: float) -> None:
    """With or without the unit, with a decimal comma, with thousands set apart."""
    assert read_prediction(lab(unit), typed).value == value


@pytest.mark.parametrize("typed", ["", "many", "-3", "0", "nan", "inf", "3 4", "1,2,3", "3 s"])
def test_what_is_no_positive_number_is_refused(typed: str) -> None:
    """The message shows what was typed."""
    with pytest.raises(UsageError, match="one positive number"):
        read_prediction(lab("×"), typed)


def test_the_reason_is_kept() -> None:
    """Without the spaces around it."""
    assert read_prediction(lab("×"), "3", "  one more round trip ").because == "one more round trip"
