"""Answers to the concepts' questions: judged, kept, and the one that counts."""

from pathlib import Path

import pytest

from climb.course.model import Choice, ChoiceQuestion, NumberQuestion
from climb.errors import UsageError
from climb.progress.answers import answers, record

CHOICE = ChoiceQuestion(
    ask="Which?",
    choices=(Choice(text="this", because="no, since"), Choice(text="that", right=True, because="yes, since")),
)
NUMBER = NumberQuestion(ask="How much?", answer=250, within=5, because="a quarter of a thousand")


def test_the_right_choice_is_right(tmp_path: Path) -> None:
    """And its reason is what is told."""
    answer = record(tmp_path, "sockets", CHOICE, "2")

    assert (answer.right, answer.given, answer.because) == (True, "that", "yes, since")


def test_a_wrong_choice_teaches_its_own_reason(tmp_path: Path) -> None:
    """Not the reason of the right one."""
    answer = record(tmp_path, "sockets", CHOICE, "1")

    assert (answer.right, answer.because) == (False, "no, since")


@pytest.mark.parametrize("given", ["0", "3", "-1", "", "that", "1.0", "²", "1 2"])
def test_what_is_no_choice_is_refused_with_the_range(tmp_path: Path, given: str) -> None:
    """Nothing is kept of it."""
    with pytest.raises(UsageError, match="from 1 to 2"):
        record(tmp_path, "sockets", CHOICE, given)

    assert answers(tmp_path) == {}


@pytest.mark.parametrize(
    ("given", "right"), [("250", True), ("255", True), ("245.0", True), ("255.1", False), ("2_50", True)]
)
def test_a_number_is_right_within_its_tolerance(tmp_path: Path, given: str, right: bool) -> None:
    """The bounds count as inside."""
    assert record(tmp_path, "timeouts", NUMBER, given).right is right


@pytest.mark.parametrize("given", ["", "many", "nan", "inf", "-inf", "1e999"])
def test_what_is_no_number_is_refused(tmp_path: Path, given: str) -> None:
    """Not-a-number and infinity are no answers either."""
    with pytest.raises(UsageError, match="not a number"):
        record(tmp_path, "timeouts", NUMBER, given)


def test_once_right_stays_right(tmp_path: Path) -> None:
    """A later wrong answer does not take it back."""
    record(tmp_path, "sockets", CHOICE, "1")
    record(tmp_path, "sockets", CHOICE, "2")
    record(tmp_path, "sockets", CHOICE, "1")

    assert answers(tmp_path)["sockets"].right


def test_before_that_the_newest_answer_counts(tmp_path: Path) -> None:
    """So that the page shows what was just answered."""
    record(tmp_path, "timeouts", NUMBER, "1")
    record(tmp_path, "timeouts", NUMBER, "2")

    assert answers(tmp_path)["timeouts"].given == "2"


def test_a_line_cut_short_by_a_crash_is_skipped(tmp_path: Path) -> None:
    """The others still count."""
    record(tmp_path, "sockets", CHOICE, "2")
    with (tmp_path / "answers.jsonl").open("ab") as file:
        file.write(b'{"concept":"time')

    assert list(answers(tmp_path)) == ["sockets"]
