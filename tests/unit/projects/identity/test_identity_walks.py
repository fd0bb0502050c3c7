"""Walks through lists, held against the lists."""

from __future__ import annotations

import pytest

from climb.projects.identity.rules.walks import wrong_with

WHOLE = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("walked", [WHOLE, ["a", "b", "c"], ["a", "b", "c", "gone"]])
def test_a_walk_may_end_before_what_was_added_last(walked: list[str]) -> None:
    """What came behind its end was added meanwhile; what has gone by now was there then."""
    assert wrong_with(walked, WHOLE, due={"a", "b", "c"}) == ""


@pytest.mark.parametrize(
    ("walked", "told"),
    [
        (["a", "b", "b", "c"], "came twice: 1, the first is b"),
        (["a", "b"], "never came: 1, the first is c"),
        (["a", "c", "b"], "order"),
        (["a", "b", "c", "e"], "although what stands behind them in the list did: 1, the first is d"),
    ],
)
def test_what_is_wrong_is_told(walked: list[str], told: str) -> None:
    """Twice, missing, in another order, passed over."""
    assert told in wrong_with(walked, WHOLE, due={"a", "b", "c"})
