"""The lab on the accept queue, run for real: a listener that does not accept, and clients that wait."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result

COMPLETED = "connects that completed"
ACCEPTED = "connections found in the queue afterwards"
WAITED = "connect to a full queue"


@pytest.fixture(scope="module")
def backlog_of_one(tmp_path_factory: pytest.TempPathFactory) -> Result:
    home: Path = tmp_path_factory.mktemp("home")
    lab = find("accept-queue")
    begun = running.begin(home, lab, lab.settings({"backlog": "1"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_linux_lets_in_one_more_than_the_backlog(backlog_of_one: Result) -> None:
    """With a backlog of 1, two connects complete in each of the five rounds."""
    assert backlog_of_one.values(COMPLETED) == (2,) * 5


def test_all_that_completed_are_in_the_queue(backlog_of_one: Result) -> None:
    """What completed for the clients is what the program finds when it accepts, with the bytes that were sent."""
    assert backlog_of_one.values(ACCEPTED) == backlog_of_one.values(COMPLETED)
    assert backlog_of_one.number("bytes that arrived although sent before accept") == len(b"hello")


def test_a_waiting_connect_ends_after_the_program_accepts(backlog_of_one: Result) -> None:
    """No connect to a full queue completes before there is room, and all that were tried complete or are counted."""
    waited = backlog_of_one.series(WAITED)

    assert all(took >= after for after, values in waited.items() for took in values)
    assert sum(map(len, waited.values())) + backlog_of_one.number("connects that never completed") == 18


def test_the_kernel_counts_what_it_turned_away(backlog_of_one: Result) -> None:
    """At least the connects that hung, five and eighteen, are in the machine's ListenOverflows."""
    assert backlog_of_one.number("ListenOverflows, whole machine") >= 23


def test_the_explanation_names_the_rule(backlog_of_one: Result) -> None:
    """The answer is the exact count, and the text gives the rule that it follows."""
    explanation = find("accept-queue").explanation(backlog_of_one)

    assert (explanation.answer.low, explanation.answer.value, explanation.answer.high) == (2, 2, 2)
    assert "one more than the backlog" in explanation.text
