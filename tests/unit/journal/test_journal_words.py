"""Numbers and dates in words."""

import pytest

from climb.journal.words import day, number_word, times


@pytest.mark.parametrize(("count", "word"), [(0, "zero"), (4, "four"), (12, "twelve"), (13, "13"), (1200, "1,200")])
def test_numbers_are_words_up_to_twelve(count: int, word: str) -> None:
    """Then digits."""
    assert number_word(count) == word


@pytest.mark.parametrize(("count", "words"), [(1, "once"), (2, "twice"), (4, "four times"), (13, "13 times")])
def test_how_often_in_words(count: int, words: str) -> None:
    """Once and twice have words of their own."""
    assert times(count) == words


def test_a_day_in_words() -> None:
    """Day, month and year; a text that is no time stays as it is."""
    assert day("2026-03-04T12:00:00+00:00") == "4 March 2026"
    assert day("some day") == "some day"
