"""What can't be true under any policy is found before any policy is asked."""

from typing import Any

import pytest

from climb.projects.scheduler.rules import Broken
from climb.projects.scheduler.workload import Options

FCFS = Options(policy="fcfs")
Given = tuple[str, dict[str, Any]]


def given(text: str, **fields: Any) -> Given:
    """A workload to be made by the fixture."""
    return text, fields


BROKEN: dict[str, tuple[Given, tuple[str, ...], int, str]] = {
    "before it arrives": (given("A@2:3"), ("A0-3",), 0, "A ran at t=0, although it arrives at t=2"),
    "too few ticks": (given("A@0:5"), ("A0-3",), 3, "A runs 3 of 5 ticks of its first burst, then never again"),
    "too many ticks": (given("A@0:2"), ("A0-3",), 2, "A ran at t=2, although all work of A was done at t=2"),
    "never at all": (given("A@0:1 B@0:1"), ("A0-1",), 0, "B never runs"),
    "during its I/O": (
        given("A@0:2,3,1"),
        ("A0-2 A4-5",),
        4,
        "A ran at t=4, although its first burst ended at t=2 and its I/O lasts until t=5",
    ),
    "not back from I/O": (given("A@0:2,3,1"), ("A0-2",), 5, "A never begins its second burst"),
    "two on one processor": (given("A@0:3 B@0:2"), ("A0-3 B2-4",), 2, "A from t=0 to t=3 and B from t=2 to t=4"),
    "one on two processors": (
        given("A@0:4", machine={"cpus": 2}),
        ("A0-2", "A1-3"),
        1,
        "A at t=1 on processor 0 and on processor 1",
    ),
    "before its next release": (
        given("A@0:1", machine={"until": 6}, A={"period": 5}),
        ("A0-1 A3-4",),
        3,
        "A ran at t=3, although its job before ended at t=1 and the next is released at t=5",
    ),
    "a job too few": (
        given("A@0:1", machine={"until": 6}, A={"period": 5}),
        ("A0-1",),
        5,
        "A never begins its first burst of job 2 (released at t=5)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_fact_is_found_with_its_numbers(by_hand: Any, name: str) -> None:
    """The finding is a fact, at its first moment, and says in numbers what happened."""
    (text, fields), processors, moment, words = BROKEN[name]

    finding = by_hand.found(by_hand.workload(text, **fields), FCFS, by_hand.drawn(*processors))

    assert finding is not None
    assert (finding.broken, finding.moment) == (Broken.FACT, moment)
    assert words in f"{finding.received} {finding.why}"


def test_pieces_that_touch_mean_one(by_hand: Any) -> None:
    """A program may cut a turn into as many segments as it likes, and list them in any order."""
    workload = by_hand.workload("A@0:3 B@0:2")

    assert by_hand.found(workload, FCFS, by_hand.drawn("B4-5 A1-3 B3-4 A0-1")) is None


def test_a_segment_without_ticks_means_nothing(by_hand: Any) -> None:
    """A segment that ends where it begins is no claim about anybody."""
    workload = by_hand.workload("A@0:3 B@0:2")

    assert by_hand.found(workload, FCFS, by_hand.drawn("A0-3 B1-1 B3-5")) is None
