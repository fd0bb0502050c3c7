"""Times as the contract writes them."""

from __future__ import annotations

import datetime as dt

import pytest

from climb.projects.links.rules.moments import day_of, hour_of, moment, written

_WHEN = dt.datetime(2027, 3, 4, 5, 6, 7, 123456, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [("2027-03-04T05:06:07Z", 0), ("2027-03-04T05:06:07.5Z", 500000), ("2027-03-04T05:06:07.123456Z", 123456)],
)
def test_zero_to_six_digits_are_read(text: str, microsecond: int) -> None:
    """Digits behind the second are a fraction, however many there are."""
    assert moment(text) == _WHEN.replace(microsecond=microsecond)


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        "2027-03-04",
        "2027-03-04T05:06:07",
        "2027-03-04T05:06:07+00:00",
        "2027-03-04T05:06:07.1234567Z",
        "2027-02-30T00:00:00Z",
        "2027-03-04 05:06:07Z",
    ],
)
def test_other_forms_are_none(text: object) -> None:
    """A time has this form, and its day exists."""
    assert moment(text) is None


@pytest.mark.parametrize("digits", range(7))
def test_what_is_written_is_read_again(digits: int) -> None:
    """The digits that are not written are cut off, not rounded: a moment does not move forward."""
    cut = _WHEN.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits)

    assert moment(written(_WHEN, digits)) == _WHEN.replace(microsecond=cut)


def test_hours_and_days_begin_where_they_begin() -> None:
    """An hour begins at minute 0, a day at hour 0, in UTC."""
    assert (written(hour_of(_WHEN), 0), written(day_of(_WHEN), 0)) == ("2027-03-04T05:00:00Z", "2027-03-04T00:00:00Z")
