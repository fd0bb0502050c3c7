"""The moments that a file is dated back to."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, strategies as st

from climb.projects.http.stages.validators import _early_in_the_month

SECOND_NS = 1_000_000_000


@given(seconds=st.integers(820_454_400, 1_735_689_600), fraction=st.integers(0, SECOND_NS - 1))
def test_an_early_day_is_of_the_same_month(seconds: int, fraction: int) -> None:
    """It is written with one digit by who pads nothing; time of day and fraction stay."""
    before = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    early, rest = divmod(_early_in_the_month(seconds * SECOND_NS + fraction), SECOND_NS)
    after = dt.datetime.fromtimestamp(early, tz=dt.UTC)

    assert 1 <= after.day <= 9
    assert after.replace(day=before.day) == before
    assert rest == fraction
