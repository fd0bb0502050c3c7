"""Dates as HTTP writes and reads them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from climb.systems.http.dates import date_of, seconds_of

EXAMPLE = 784_111_777  # the moment of the examples in RFC 9110, 5.6.7


@pytest.mark.parametrize(
    "text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_three_forms(text: str) -> None:
    """Each of the three forms is that moment, and the first is written."""
    assert seconds_of(text) == EXAMPLE
    assert date_of(EXAMPLE) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.integers(0, 253_402_300_799))
def test_what_is_written_is_read(seconds: int) -> None:
    """Every second of four-digit years comes back."""
    assert seconds_of(date_of(seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT", "784111777",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun Nov 06 08:49:37 94", "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 0\N{ARABIC-INDIC DIGIT SIX} Nov 1994 08:49:37 GMT",
    ],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    """Anything else is none."""
    assert seconds_of(text) is None


def test_two_digits_of_a_year() -> None:
    """A year that seems more than 50 years ahead was in the past."""
    now = seconds_of("Thu, 01 Jan 2026 00:00:00 GMT")
    assert now is not None
    told = {
        text: date_of(seconds_of(f"Sunday, 06-Nov-{text} 08:49:37 GMT", lambda: now) or 0)[12:16]
        for text in ("76", "77", "25")
    }

    assert told == {"76": "2076", "77": "1977", "25": "2025"}
