"""Numbers with their nouns."""

import pytest

from climb.counted import counted, times


@pytest.mark.parametrize(("number", "text"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (20_000, "20,000 steps")])
def test_one_is_not_several(number: int, text: str) -> None:
    """And many are written with commas."""
    assert counted(number, "step") == text


def test_a_plural_of_its_own() -> None:
    """Where an s is not enough."""
    assert [counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]


def test_how_often() -> None:
    """Once is a word, the rest are numbers."""
    assert [times(number) for number in (1, 2, 1_000)] == ["once", "2 times", "1,000 times"]
