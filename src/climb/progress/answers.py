"""The answers that were given to the concepts' questions: ``answers.jsonl``, one a line, the oldest first; lines are only added."""

from __future__ import annotations

import datetime as dt
import math
import os
from pathlib import Path

import msgspec

from climb.course.model import ChoiceQuestion, NumberQuestion, Question
from climb.errors import SetupError, UsageError

__all__ = ["Answer", "answers", "record", "right_choice"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: the text of the choice, or the number, as it was given; ``because`` is what its giver was told."""

    concept: str
    given: str
    right: bool
    because: str
    at: str


def record(home: Path, concept: str, question: Question, given: str) -> Answer:
    """Judge an answer and keep it. ``given`` is a choice's number, from 1 on, or a number.

    Raises UsageError if it is neither, SetupError if it can't be kept.
    """
    text, right, because = _judged(question, given.strip())
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    answer = Answer(concept=concept, given=text, right=right, because=because, at=now)
    try:
        home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(home / "answers.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, msgspec.json.encode(answer) + b"\n")  # one write: two at once can't mix their lines
        finally:
            os.close(descriptor)
    except OSError as error:
        raise SetupError(
            f"the answer can't be kept in {home}: {error}",
            next_step="make room, or set CLIMB_HOME to a folder of yours",
        ) from error
    return answer


def answers(home: Path) -> dict[str, Answer]:
    """The answer that counts for each concept: the newest right one, else the newest."""
    found: dict[str, Answer] = {}
    for answer in _stored(home):
        if answer.right or not (answer.concept in found and found[answer.concept].right):
            found[answer.concept] = answer
    return found


def right_choice(question: ChoiceQuestion) -> int:
    """The number of the right choice, from 1 on."""
    return next(number for number, choice in enumerate(question.choices, 1) if choice.right)


def _judged(question: Question, given: str) -> tuple[str, bool, str]:
    if isinstance(question, NumberQuestion):
        value = _number(given)
        return given, abs(value - question.answer) <= question.within, question.because
    if not (given.isdecimal() and 1 <= int(given) <= len(question.choices)):
        raise UsageError(f"{given!r} is none of the answers; choose a number from 1 to {len(question.choices)}")
    choice = question.choices[int(given) - 1]
    return choice.text, choice.right, choice.because


def _number(given: str) -> float:
    try:
        value = float(given.replace(",", "").replace("_", ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{given!r} is not a number; write one like 12 or 0.5")
    return value


def _stored(home: Path) -> list[Answer]:
    try:
        lines = (home / "answers.jsonl").read_bytes().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Answer))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # cut short by a crash
    return found
