"""Schedules worked out by hand from the brief: the rules accept each of them, and ask for no other."""

from typing import Any

import pytest

from climb.projects.scheduler.rules import by_the_rules
from climb.projects.scheduler.workload import Options

Given = tuple[str, dict[str, Any]]


def given(text: str, **fields: Any) -> Given:
    """A workload to be made by the fixture."""
    return text, fields


CASES: dict[str, tuple[Given, dict[str, Any], tuple[str, ...]]] = {
    "fcfs: arrivals, a tie, a gap": (
        given("A@0:3 B@1:2 C@1:1 D@9:2"),
        {"policy": "fcfs"},
        ("A0-3 B3-5 C5-6 D9-11",),
    ),
    "sjf: the shortest waits for the running one": (
        given("A@0:5 B@1:4 C@2:1"),
        {"policy": "sjf"},
        ("A0-5 C5-6 B6-10",),
    ),
    "srtf: fewer left replaces, as many does not": (
        given("A@0:5 B@1:2 C@2:1 D@3:4"),
        {"policy": "srtf"},
        # At 2 C has 1 left and so has B, which goes on. At 4 A has 4 left and so has D, ready later.
        ("A0-1 B1-3 C3-4 A4-8 D8-12",),
    ),
    "rr: an arrival stands before the slice that ends": (
        given("A@0:5 B@2:2"),
        {"policy": "rr", "given_quantum": 2},
        ("A0-2 B2-4 A4-7",),
    ),
    "rr: alone it goes on, and its slices with it": (
        given("A@0:7 B@5:1"),
        {"policy": "rr", "given_quantum": 4},
        # A's second slice is 4 to 8, but its burst ends at 7.
        ("A0-7 B7-8",),
    ),
    "rr: back from I/O at the end of a slice": (
        given("A@0:1,2,2 B@0:5"),
        {"policy": "rr", "given_quantum": 2},
        # At 3 A comes back (step 2), and B's slice ends (step 3).
        ("A0-1 B1-3 A3-5 B5-8",),
    ),
    "a switch comes before the task, and nothing replaces it before its first tick": (
        given("A@0:5 B@1:1", machine={"switch_cost": 3}),
        {"policy": "srtf"},
        # A is picked at 0, begins at 3; at 4 B replaces it, begins at 7; at 8 A is picked, begins at 11.
        ("A3-4 B7-8 A11-15",),
    ),
    "priority: aging by 1, ranks at pick": (
        given("A@0:4 B@0:2", A={"priority": 0}, B={"priority": 1}),
        {"policy": "priority", "aging": 1},
        # B's rank is 1 − 2 = −1 < 0 at 2. A becomes ready at 2 with rank 0; at 4 it is −2 < −1, when B ends anyway.
        ("A0-2 B2-4 A4-6",),
    ),
    "mlfq: a shorter allotment ends the turn": (
        given("A@0:5 B@0:5"),
        {"policy": "mlfq", "given_quantum": 4, "given_allotment": 3},
        ("A0-3 B3-6 A6-8 B8-10",),
    ),
    "mlfq: an arrival replaces a lower level, and the boost lifts": (
        given("A@0:8 B@3:2"),
        {"policy": "mlfq", "given_quantum": 2, "boost": 6},
        # A: level 1 at 2. B replaces it at 3, ends at 5. A goes on.
        ("A0-3 B3-5 A5-10",),
    ),
    "lottery from seed 1": (
        given("A@0:1 B@0:1 C@0:1"),
        {"policy": "lottery"},
        # 48271 mod 300 = 271: C. 182605794 mod 200 = 194: B. The third draw is for A alone.
        ("C0-1 B1-2 A2-3",),
    ),
    "stride: twice the tickets, twice the turns": (
        given("A@0:4 B@0:2", A={"tickets": 200}, B={"tickets": 100}),
        {"policy": "stride", "given_quantum": 1},
        # Passes A 0 → 5242, B 0 → 10485; A at 5242, 10484, 15726; B at 10485.
        ("A0-1 B1-2 A2-4 B4-5 A5-6",),
    ),
    "cfs: slices of half the latency": (
        given("A@0:13 B@0:13"),
        {"policy": "cfs"},
        # At 24 A is picked first again and has a slice of 12, but 1 tick left.
        ("A0-12 B12-24 A24-25 B25-26",),
    ),
    "eevdf: equal weights take turns": (
        given("A@0:5 B@0:5"),
        {"policy": "eevdf", "given_quantum": 2},
        ("A0-2 B2-4 A4-6 B6-8 A8-9 B9-10",),
    ),
    "edf: periods as deadlines": (
        given("A@0:2 B@0:3", machine={"until": 8}, A={"period": 4}, B={"period": 6}),
        {"policy": "edf"},
        # A: 0 and 4 (deadlines 4, 8); B: 0 and 6 (6, 12).
        ("A0-2 B2-5 A5-7 B7-10",),
    ),
    "rm: the shortest period replaces, whatever the deadline": (
        given("A@0:2 B@0:4", machine={"until": 8}, A={"period": 4, "deadline": 9}, B={"period": 8, "deadline": 5}),
        {"policy": "rm"},
        ("A0-2 B2-4 A4-6 B6-8",),
    ),
    "two processors, one queue: back to where it ran": (
        given("A@0:2,1,2 B@0:3 C@2:4", machine={"cpus": 2}),
        {"policy": "fcfs"},
        # At 2 C gets processor 0. At 3 A is back; processor 1 is idle.
        ("A0-2 C2-6", "B0-3 A3-5"),
    ),
    "two processors: the worst one is replaced": (
        given("A@0:9 B@0:5 C@1:2", machine={"cpus": 2}),
        {"policy": "srtf"},
        # The shorter B is picked first, and so gets processor 0.
        ("B0-5", "A0-1 C1-3 A3-11"),
    ),
    "moving costs": (
        given("A@0:2,2,2 B@0:9 C@2:9", machine={"cpus": 2, "migration_cost": 2}),
        {"policy": "fcfs"},
        # A is back at 4; at 9 processor 1 is idle, and A ran on processor 0.
        ("A0-2 C2-11", "B0-9 A11-13"),
    ),
    "a queue for each: placement and stealing": (
        given("A@0:4 B@0:1 C@0:2", machine={"cpus": 2}),
        {"policy": "fcfs", "per_cpu": True},
        # C is placed behind A on processor 0, and stolen by processor 1 at 1.
        ("A0-4", "B0-1 C1-3"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_schedule_worked_by_hand_is_accepted(by_hand: Any, name: str) -> None:
    """Nothing is broken in a schedule that follows the brief."""
    (text, fields), options, processors = CASES[name]

    assert by_hand.found(by_hand.workload(text, **fields), Options(**options), by_hand.drawn(*processors)) is None


@pytest.mark.parametrize("name", CASES)
def test_the_rules_ask_for_what_was_worked_by_hand(by_hand: Any, name: str) -> None:
    """Left to themselves the rules make the same schedule."""
    (text, fields), options, processors = CASES[name]
    timeline = by_the_rules(by_hand.workload(text, **fields), Options(**options))

    assert timeline.pieces == by_hand.drawn(*processors).pieces
