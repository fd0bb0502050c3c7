"""What somebody types in a quiz: read with goodwill, never guessed."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from climb.systems.scheduler.quiz.answer import AnswerError, read_numbers, read_timeline, written

NAMES = ("A", "B", "C")
AAB = ["A", "A", "B"]


@pytest.mark.parametrize(
    "text",
    ["AAB", "A A B", "aab", "A2 B1", "A2B", "A 2 B 1", "A:2, B:1", "A=2;B=1", "A x 2 B", "A×2 B", "A 0-2 B 2-3", "A0-2B2-3",
     "A 0–2, B 2–3", "A 0..2 B 2 .. 3", "A 0 to 2 B 2 to 3", "  A2   B  ", "A2 B1 .", "AAB..."],
)  # fmt: skip
def test_every_way_to_write_it_is_read(text: str) -> None:
    """Letters, numbers, times, in either case, with or without spaces; idle ticks at the end say nothing."""
    assert read_timeline(text, NAMES, 1) == [AAB]


@pytest.mark.parametrize("text", [".A.B", "._A _B".replace("._", "_"), ".1 A1 .1 B1", "A 1-2 B 3-4", "·A·B"])
def test_idle_ticks_are_dots_or_gaps(text: str) -> None:
    """Between times they need not be written."""
    assert read_timeline(text, NAMES, 1) == [[None, "A", None, "B"]]


def test_a_slash_stands_between_processors() -> None:
    """The shorter one is idle at its end; one that is not written is idle altogether."""
    assert read_timeline("A3 / B1", NAMES, 2) == [["A", "A", "A"], ["B", None, None]]
    assert read_timeline("A1", NAMES, 2) == [["A"], [None]]


@pytest.mark.parametrize(
    ("text", "cpus", "says"),
    [
        ("AAQ", 1, "there is no task 'Q'; there are A, B, C"),
        ("A2 ?", 1, "can't read '?'"),
        ("2A", 1, "can't read '2A'"),
        ("A 0-2 B 1-3", 1, "B 1-3 begins before tick 2"),
        ("A 3-3", 1, "A 3-3 ends before it begins"),
        ("A / B", 1, "that is 2 processors, and there is one"),
        ("A/B/C", 2, "that is 3 processors, and there are 2"),
        ("A2 / B1 A1", 2, "in tick 1 A runs on two processors"),
        ("A99999999999999", 1, "more than this is about"),
        ("A 0-99999999999", 1, "more than this is about"),
    ],
)
def test_what_can_not_be_meant_is_said(text: str, cpus: int, says: str) -> None:
    """With the words in question and what would do."""
    with pytest.raises(AnswerError) as caught:
        read_timeline(text, NAMES, cpus)

    assert says in str(caught.value)


@given(st.lists(st.sampled_from(["A", "B", "C", None]), max_size=40))
def test_what_is_written_is_read_again(ticks: list[str | None]) -> None:
    """But for idle ticks at the end."""
    while ticks and ticks[-1] is None:
        ticks.pop()

    assert read_timeline(written(ticks), NAMES, 1) == [ticks]


@given(st.text(max_size=30))
def test_whatever_is_typed_ends_well(text: str) -> None:
    """It is read, or refused in a line."""
    with suppress(AnswerError):
        (lane,) = read_timeline(text, NAMES, 1)
        assert set(lane) <= {*NAMES, None}
    with suppress(AnswerError):
        assert read_numbers(text, NAMES).keys() == set(NAMES)


@pytest.mark.parametrize(
    "text", ["A3 B0 C5", "3 0 5", "3,0,5", "c5 a3 b0", "A=3, B=0, C=5", "A:3 B:0 C:5", "A 3 B 0 C 5"]
)
def test_numbers_are_read(text: str) -> None:
    """With the tasks' names in any order, or without in theirs."""
    assert read_numbers(text, NAMES) == {"A": 3, "B": 0, "C": 5}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3 0", "that is 2 numbers, and there are 3 tasks"),
        ("A3 B0", "nothing is said about C"),
        ("A3 B0 D5", "no task 'D'"),
        ("A", "can't read 'A'"),
    ],
)
def test_numbers_that_are_missing_are_asked_for(text: str, says: str) -> None:
    """By name."""
    with pytest.raises(AnswerError, match=says):
        read_numbers(text, NAMES)
