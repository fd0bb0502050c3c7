"""Properties of histories: each holds where it should, and names what speaks against it."""

import pytest
from hypothesis import given, strategies as st

from climb.judge.evidence import Comparison, Sequence
from climb.judge.expect import Failure
from climb.judge.history import History, Operation, Outcome
from climb.judge.properties import (
    acknowledged_survive,
    demand,
    never_changes,
    never_goes_back,
    never_vanishes,
    total_is_possible,
)

OK, FAILED, UNKNOWN = Outcome.OK, Outcome.FAILED, Outcome.UNKNOWN


def history(*operations: tuple[float, float | None, Outcome, object]) -> History:
    """Reads of one client: when each began and ended, how, and what it told."""
    return History(
        tuple(
            Operation(number, "client", "read", begin, end, outcome, value)
            for number, (begin, end, outcome, value) in enumerate(operations)
        ),
        ended_at=100.0,
    )


def in_turn(*values: object) -> History:
    """Reads one after the other."""
    return history(*((number, number + 0.5, OK, value) for number, value in enumerate(values)))


def test_a_confirmed_one_that_disappears_is_named() -> None:
    """What was confirmed is to be there; what failed or is unknown need not be."""
    done = history((0, 1, OK, "a"), (1, 2, OK, "b"), (2, 3, UNKNOWN, "c"), (3, 4, FAILED, "d"))

    finding = acknowledged_survive(done, {"a"}, what="read")

    assert [each.operations[0].value for each in finding.counterexamples] == ["b"]
    assert acknowledged_survive(done, {"a", "b"}, what="read").holds


@pytest.mark.parametrize(("total", "holds"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_total_is_between_what_is_sure_and_what_is_possible(total: int, holds: bool) -> None:
    """Two are sure and one is possible: two or three were counted, and nothing else."""
    done = history((0, 1, OK, 1), (1, 2, OK, 1), (2, None, UNKNOWN, 1), (3, 4, FAILED, 1))

    assert total_is_possible(done, total, what="read").holds is holds


def test_a_total_weighs_what_each_carried() -> None:
    """Operations may stand for many readings each."""
    done = history((0, 1, OK, 40), (1, 2, UNKNOWN, 10))

    assert total_is_possible(done, 45, what="read", weight=lambda each: each.value).holds
    assert not total_is_possible(done, 51, what="read", weight=lambda each: each.value).holds


def test_a_value_that_goes_back_is_named_with_the_one_before() -> None:
    """The counterexample has the two answers, the later one last."""
    finding = never_goes_back(in_turn(1, 5, 3), what="read")

    assert [[op.value for op in each.operations] for each in finding.counterexamples] == [[5, 3]]


def test_answers_that_overlap_may_come_in_any_order() -> None:
    """A read that began before the other had ended may tell the older value."""
    overlapping = history((0, 3, OK, 5), (1, 2, OK, 3))

    assert never_goes_back(overlapping, what="read").holds


def test_no_value_is_not_a_smaller_one() -> None:
    """Where nothing was told nothing is demanded."""
    assert never_goes_back(in_turn(5, None, 5), what="read").holds


@given(st.lists(st.integers(0, 9), max_size=8))
def test_going_back_is_found_exactly_if_the_answers_are_not_sorted(values: list[int]) -> None:
    """For reads one after the other the property is that of a sorted list."""
    assert never_goes_back(in_turn(*values), what="read").holds == (values == sorted(values))


def test_what_was_shown_may_not_change() -> None:
    """The same key with another value is named with both answers."""
    finding = never_changes(in_turn({"a": 1}, {"a": 1, "b": 2}, {"b": 3}), what="read")

    assert [[op.number for op in each.operations] for each in finding.counterexamples] == [[1, 2]]
    assert never_changes(in_turn({"a": 1}, {}, {"a": 1}), what="read").holds


def test_what_was_shown_may_not_vanish() -> None:
    """A later answer has all the keys of the earlier ones; one that overlaps need not."""
    assert not never_vanishes(in_turn({"a": 1}, {}), what="read").holds
    assert never_vanishes(in_turn({}, {"a": 1}, {"a": 1, "b": 2}), what="read").holds
    assert never_vanishes(history((0, 3, OK, {"a": 1}), (1, 2, OK, {})), what="read").holds


def test_a_finding_that_holds_demands_nothing() -> None:
    """The check goes on."""
    demand(never_goes_back(in_turn(1, 2), what="read"), in_turn(1, 2), why="…")


def test_a_finding_becomes_a_failure_with_a_sequence() -> None:
    """Its comparison has the first counterexample and the number of others; the diagram points at the decisive operation."""
    done = in_turn(9, 1, 2, 3, 4, 5, 6)

    with pytest.raises(Failure) as raised:
        demand(never_goes_back(done, what="read"), done, why="Time does not go back.")

    comparison, sequence = raised.value.evidence
    assert isinstance(comparison, Comparison)
    assert isinstance(sequence, Sequence)
    assert comparison.received == "1, asked at 1.000 s"
    assert comparison.difference[-1] == "and 1 more"
    assert sequence.mark is not None
    assert sequence.steps[sequence.mark].at == 1.5
