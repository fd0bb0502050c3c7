"""Stages as authors write them."""

import pytest

from climb.errors import CourseError
from climb.judge.stage import Stage


def stage() -> Stage:
    return Stage("open-port", "One open port", concepts=["sockets"], hints=["look", "think"])


def test_the_docstring_is_the_claim() -> None:
    """The first paragraph, on one line, is what the learner reads; the name becomes the id."""
    made = stage()

    @made.check
    async def reported_open(driver: object, world: object) -> None:
        """One port listens;
        exactly that port is reported open.

        A note for authors.
        """

    (check,) = made.checks
    assert check.id == "reported-open"
    assert check.claim == "One port listens; exactly that port is reported open."
    assert check.function is reported_open


def test_a_check_without_a_docstring_claims_nothing() -> None:
    """It is refused, with the stage and the function named."""

    async def silent(driver: object, world: object) -> None:
        pass

    with pytest.raises(CourseError, match=r"open-port: check silent has no docstring"):
        stage().check(silent)


def test_two_checks_of_one_name_are_refused() -> None:
    """An id names one check."""
    made = stage()

    async def twice(driver: object, world: object) -> None:
        """It holds."""

    made.check(twice)

    with pytest.raises(CourseError, match=r"open-port has two checks named twice"):
        made.check(twice)
    assert len(made.checks) == 1
