"""States and counters after writes that were acknowledged, refused, or never answered."""

import pytest

from climb.judge.history import Event, History, Operation, Outcome
from climb.judge.properties import Count, Write, counts_are_possible, since_its_ack, states_are_possible

OK, FAILED, UNKNOWN = Outcome.OK, Outcome.FAILED, Outcome.UNKNOWN


def history(*operations: tuple[float, float | None, Outcome, object], kills: tuple[float, ...] = ()) -> History:
    """What one client did: when each began and ended, how, and what it was."""
    return History(
        tuple(
            Operation(number, "client", "write", begin, end, outcome, value, label=f"write {number}")
            for number, (begin, end, outcome, value) in enumerate(operations)
        ),
        events=tuple(Event(at, "database", "killed", "killed") for at in kills),
        ended_at=100.0,
    )


@pytest.mark.parametrize(("outcome", "state", "holds"), [
    (OK, "red", True),
    (OK, None, False),
    (UNKNOWN, "red", True),
    (UNKNOWN, None, True),
    (FAILED, None, True),
    (FAILED, "red", False),
])  # fmt: skip
def test_one_write(outcome: Outcome, state: str | None, holds: bool) -> None:
    """An acknowledged one is there, one of which nothing is known may be, and a refused one is not."""
    done = history((0, 1, outcome, Write("a", "red")))

    assert states_are_possible(done, {"a": state} if state else {}, where="the table").holds is holds


@pytest.mark.parametrize(("outcome", "state", "holds"), [
    (OK, None, True),
    (OK, "red", False),
    (UNKNOWN, "red", True),
    (UNKNOWN, None, True),
    (FAILED, "red", True),
    (FAILED, None, False),
])  # fmt: skip
def test_a_deletion(outcome: Outcome, state: str | None, holds: bool) -> None:
    """What was deleted for certain stays away; without an answer it may be either."""
    done = history((0, 1, OK, Write("a", "red")), (2, 3, outcome, Write("a", None)))

    assert states_are_possible(done, {"a": state} if state else {}, where="the table").holds is holds


def test_the_last_acknowledged_change_counts() -> None:
    """Of two changes in turn the first is no longer possible."""
    done = history((0, 1, OK, Write("a", "red")), (2, 3, OK, Write("a", "blue")))

    assert states_are_possible(done, {"a": "blue"}, where="the table").holds
    assert not states_are_possible(done, {"a": "red"}, where="the table").holds


def test_of_changes_that_overlap_either_may_be_last() -> None:
    """Two clients wrote at the same time; nobody knows in which order."""
    done = history((0, 3, OK, Write("a", "red")), (2, 4, OK, Write("a", "blue")))

    assert all(states_are_possible(done, {"a": state}, where="the table").holds for state in ("red", "blue"))
    assert not states_are_possible(done, {}, where="the table").holds


def test_what_was_lost_is_named_with_its_distance_to_the_kill() -> None:
    """A lost write names when it was acknowledged, and how long before the kill; the earliest comes first."""
    done = history((2, 3.0, OK, Write("b", "red")), (0, 1.99, OK, Write("a", "red")), kills=(1.0, 2.0, 4.0))

    finding = states_are_possible(done, {}, where="the table")

    assert [each.received for each in finding.counterexamples] == [
        "a: lost (write 1, acknowledged at 1.990 s, 10.0 ms before the database was killed)",
        "b: lost (write 0, acknowledged at 3.000 s, 1000.0 ms before the database was killed)",
    ]


def test_what_came_back_is_named() -> None:
    """A deleted thing that is there is there again, and what should be is said."""
    done = history((0, 1, OK, Write("a", "red")), (2, 3, OK, Write("a", None)))

    (found,) = states_are_possible(done, {"a": "red"}, where="the table").counterexamples

    assert found.expected == "a: not there"
    assert found.received.startswith("a: there again (write 1, acknowledged at 3.000 s, after the last kill")


def test_a_state_that_nobody_wrote() -> None:
    """What was never written is not possible, whatever else is unknown; what is possible is said."""
    done = history((0, None, UNKNOWN, Write("a", "red")))

    (found,) = states_are_possible(done, {"a": "green"}, where="the table").counterexamples

    assert (found.expected, found.received) == ("a: not there or red", "a: green, which nobody asked for")


def test_an_operation_without_an_answer_was_never_acknowledged() -> None:
    """There is no time since its acknowledgement."""
    done = history((0, None, UNKNOWN, Write("a", "red")))

    assert since_its_ack(done.operations[0], done) == "never acknowledged"


@pytest.mark.parametrize(("count", "holds"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_counter_is_between_what_is_sure_and_what_is_possible(count: int, holds: bool) -> None:
    """Two are sure and one is possible; other counters and what was refused do not matter."""
    done = history(
        (0, 1, OK, Count("a")), (1, 2, OK, Count("a")), (2, None, UNKNOWN, Count("a")), (3, 4, FAILED, Count("a")),
        (4, 5, OK, Count("b", weight=7)),
    )  # fmt: skip

    assert counts_are_possible(done, {"a": count, "b": 7}, where="the table").holds is holds


def test_a_counter_says_how_far_off_it_is() -> None:
    """Lost and surplus ones are told apart."""
    done = history((0, 1, OK, Count("a")), (1, 2, OK, Count("b")), (2, 3, UNKNOWN, Count("b")))

    finding = counts_are_possible(done, {"b": 5}, where="the table")

    assert [(each.expected, each.received) for each in finding.counterexamples] == [
        ("a: 1", "a: 0, 1 lost, the last one acknowledged at 1.000 s, after the last kill"),
        ("b: 1 to 2", "b: 5, 3 too many"),
    ]
