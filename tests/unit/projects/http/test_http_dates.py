"""The three forms of a date."""

from __future__ import annotations

from email.utils import formatdate

from hypothesis import given, strategies as st

from climb.projects.http.rules.dates import asctime, fixed, rfc850

SECONDS = st.integers(0, 4_000_000_000)


def test_the_forms_are_those_of_the_rfc() -> None:
    """The example of RFC 9110, 5.6.7, in its three forms."""
    forms = [form(784_111_777) for form in (fixed, rfc850, asctime)]

    assert forms == [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ]


@given(SECONDS)
def test_the_preferred_form_is_that_of_the_library(seconds: int) -> None:
    """What is written is what Python's own writer writes."""
    assert fixed(seconds) == formatdate(seconds, usegmt=True)


@given(SECONDS)
def test_the_old_forms_name_the_same_moment(seconds: int) -> None:
    """Day, month, time and the last digits of the year are those of the preferred form."""
    _, day, month, year, clock, _ = fixed(seconds).split()

    assert rfc850(seconds).split()[1:] == [f"{day}-{month}-{year[2:]}", clock, "GMT"]
    assert asctime(seconds).split()[1:] == [month, str(int(day)), clock, year]
