"""The order of preconditions."""

from __future__ import annotations

import pytest

from climb.projects.http.rules.preconditions import Conditions, status_for


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        (Conditions(), 200),
        (Conditions(if_match=True), 200),
        (Conditions(if_match=False), 412),
        (Conditions(if_unmodified_since=False), 412),
        (Conditions(if_match=True, if_unmodified_since=False), 200),
        (Conditions(if_none_match=False), 304),
        (Conditions(if_none_match=True, if_modified_since=False), 200),
        (Conditions(if_modified_since=False), 304),
        (Conditions(if_match=False, if_none_match=False), 412),
        (Conditions(if_match=True, if_none_match=False), 304),
        (Conditions(if_unmodified_since=True, if_modified_since=True), 200),
    ],
)
def test_conditions_are_judged_in_order(conditions: Conditions, status: int) -> None:
    """RFC 9110, 13.2.2: tags before dates, what must hold before what must have changed."""
    assert status_for(conditions) == status


def test_a_missing_file_is_404_whatever_the_conditions() -> None:
    """No condition makes anything else of what is not there."""
    assert status_for(Conditions(if_match=False, if_none_match=False), exists=False) == 404


def test_conditions_are_counted() -> None:
    """One that is false is one as well."""
    assert Conditions(if_match=False, if_modified_since=True).count == 2
