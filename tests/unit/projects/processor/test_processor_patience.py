"""How long a check waits for answers of a program that has never given one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from climb.projects.processor.driver.patience import Patience


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Neither what was judged before nor what is tried here is remembered."""
    Patience(1).note_answer()
    yield
    Patience(1).note_answer()


def test_patience_is_whole_at_first() -> None:
    """Nothing is known of a program, so it gets all the time that this machine may need."""
    assert Patience(8).seconds == 8


def test_a_program_that_never_answered_is_waited_for_more_shortly() -> None:
    """After a check without any ack the next check has less patience."""
    Patience(8).note_silence()

    assert Patience(8).seconds < 8


def test_an_ack_brings_all_patience_back() -> None:
    """With its first ack the program gets the whole time again, in the check that is running too."""
    running = Patience(8)
    running.note_silence()

    running.note_answer()

    assert running.seconds == 8
