"""Each way to break a rule is found at its moment, in a sentence with the numbers that decided."""

from typing import Any

import pytest

from climb.projects.scheduler.rules import Broken
from climb.projects.scheduler.workload import Options

Given = tuple[str, dict[str, Any]]


def given(text: str, **fields: Any) -> Given:
    """A workload to be made by the fixture."""
    return text, fields


BROKEN: dict[str, tuple[Given, dict[str, Any], tuple[str, ...], int, str]] = {
    "fcfs: the later arrival first": (
        given("A@0:3 B@1:2 C@2:1"),
        {"policy": "fcfs"},
        ("A0-3 C3-4 B4-6",),
        3,
        "B stands before C: B has been ready since t=1, when it arrived, and C since t=2, when it arrived",
    ),
    "fcfs: a tie by name": (
        given("B@0:1 A@0:1"),
        {"policy": "fcfs"},
        ("A0-1 B1-2",),
        0,
        "both became ready at t=0, and the workload lists B before A",
    ),
    "fcfs: idle although a task is ready": (
        given("A@0:1 B@1:2"),
        {"policy": "fcfs"},
        ("A0-1 B3-5",),
        1,
        "Processor 0 stood idle from t=1 until t=3, while B was ready, since t=1",
    ),
    "fcfs: taken away": (
        given("A@0:3 B@1:1"),
        {"policy": "fcfs"},
        ("A0-1 B1-2 A2-4",),
        1,
        "A left processor 0 at t=1 with 2 of its burst left, after 1 tick of this turn",
    ),
    "sjf: a longer burst first": (
        given("A@0:2 B@0:3 C@0:1"),
        {"policy": "sjf"},
        ("C0-1 B1-4 A4-6",),
        1,
        "At t=1 you ran B (a burst of 3), while A (a burst of 2) was ready",
    ),
    "srtf: replacing was put off and then forgotten": (
        given("A@0:4 B@1:1", machine={"switch_cost": 2}),
        {"policy": "srtf"},
        ("A2-6 B8-9",),
        3,
        "Replacing was put off until t=3, when A had run its first tick",
    ),
    "mlfq: on beyond the allotment": (
        given("A@0:6 B@0:2"),
        {"policy": "mlfq", "given_quantum": 3, "given_allotment": 2},
        ("A0-3 B3-5 A5-8",),
        2,
        "At t=2 you went on with A (level 1), whose allotment was used up at t=2, while B (level 0) was ready",
    ),
    "cfs: a slice too short": (
        given("A@0:8 B@0:8"),
        {"policy": "cfs", "given_latency": 12},
        ("A0-4 B4-8 A8-12 B12-16",),
        4,
        "Its slice is 6 ticks (the latency's share by weight among all ready and running when it was picked, but at least the "
        "granularity) and lasts until t=6, if its burst does. No task became ready in step 2 at t=4, so none replaces it.",
    ),
    "srtf: the shorter one waits": (
        given("A@0:9 B@2:4"),
        {"policy": "srtf"},
        ("A0-9 B9-13",),
        2,
        "At t=2 you went on with A (7 left), while B (4 left) was ready, since t=2",
    ),
    "srtf: replaced by one with as many left": (
        given("A@0:3 B@1:2"),
        {"policy": "srtf"},
        ("A0-1 B1-3 A3-5",),
        1,
        "B (2 left) may not replace A (2 left)",
    ),
    "rr: a slice too long": (
        given("A@0:6 B@0:1"),
        {"policy": "rr"},
        ("A0-5 B5-6 A6-7",),
        4,
        "A ran 4 ticks in a row from t=0. At t=4 you went on with A, whose slice ended at t=4, while B was ready, since t=0",
    ),
    "rr: a slice too short": (
        given("A@0:6 B@0:1"),
        {"policy": "rr"},
        ("A0-3 B3-4 A4-7",),
        3,
        "Its slice is 4 ticks and lasts until t=4",
    ),
    "rr: the ended slice before the arrival": (
        given("A@0:4 B@0:4 C@2:1"),
        {"policy": "rr", "given_quantum": 2},
        ("A0-2 B2-4 A4-6 C6-7 B7-9",),
        4,
        "both became ready at t=2, C in step 2, when it arrived, and A in step 3, when its slice ended",
    ),
    "a switch left out": (
        given("A@0:1 B@0:1", machine={"switch_cost": 2}),
        {"policy": "fcfs"},
        ("A2-3 B3-4",),
        3,
        "B was picked at t=3. Processor 0 ran A last, so this is a context switch of 2 ticks, so it begins at t=5",
    ),
    "priority: a rank overlooked": (
        given("A@0:4 B@0:1", A={"priority": 0}, B={"priority": 1}),
        {"policy": "priority", "aging": 1},
        ("A0-4 B4-5",),
        2,
        "At t=2 you went on with A (rank 0, as when it was picked), while B (rank -1 = 1 × 1 − 2) was ready",
    ),
    "mlfq: not moved down": (
        given("A@0:4 B@3:2"),
        {"policy": "mlfq", "given_quantum": 2},
        ("A0-4 B4-6",),
        3,
        "At t=3 you went on with A (level 1), while B (level 0) was ready",
    ),
    "lottery: the wrong ticket": (
        given("A@0:1 B@0:1 C@0:1"),
        {"policy": "lottery"},
        ("A0-1 B1-2 C2-3",),
        0,
        "Draw 1 gives 48271, and 48271 mod 300 = 271 wins; the tickets are A 0 to 99, B 100 to 199, C 200 to 299",
    ),
    "stride: the larger pass": (
        given("A@0:4 B@0:2", A={"tickets": 200}, B={"tickets": 100}),
        {"policy": "stride", "given_quantum": 1},
        ("A0-1 B1-3 A3-6",),
        2,
        "you went on with B (pass 10485), whose slice ended at t=2, while A (pass 5242) was ready",
    ),
    "cfs: the larger virtual runtime": (
        given("A@0:13 B@0:13"),
        {"policy": "cfs"},
        ("A0-13 B13-26",),
        12,
        "you went on with A (virtual runtime 50331648), whose slice ended at t=12, while B (virtual runtime 0) was ready",
    ),
    "eevdf: equal in everything but the ready order": (
        given("A@0:5 B@0:5"),
        {"policy": "eevdf", "given_quantum": 2},
        ("A0-2 B2-4 B4-5 A5-8 B8-10",),
        4,
        "A stands before B: A has been ready since t=2, when its slice ended, and B since t=4",
    ),
    "edf: the later deadline": (
        given("A@0:2 B@0:2", A={"deadline": 9}, B={"deadline": 5}),
        {"policy": "edf"},
        ("A0-2 B2-4",),
        0,
        "you ran A (deadline 9), while B (deadline 5) was ready",
    ),
    "the higher processor first": (
        given("A@0:2", machine={"cpus": 2}),
        {"policy": "fcfs"},
        ("", "A0-2"),
        0,
        "A has not run before, so it goes to the idle processor with the lowest number",
    ),
    "not back to its processor": (
        given("A@0:2 B@0:1,1,2", machine={"cpus": 2}),
        {"policy": "fcfs"},
        ("A0-2 B2-4", "B0-1"),
        2,
        "B ran on processor 1 last, and that one is idle",
    ),
    "nothing stolen": (
        given("A@0:4 B@0:1 C@0:2", machine={"cpus": 2}),
        {"policy": "fcfs", "per_cpu": True},
        ("A0-4 C4-6", "B0-1"),
        1,
        "Processor 1 stood idle from t=1 to the end, while the queue of processor 0 has C ready",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found_at_its_moment(by_hand: Any, name: str) -> None:
    """The finding names the first tick at which the timeline left the rules."""
    (text, fields), options, processors, moment, _ = BROKEN[name]

    finding = by_hand.found(by_hand.workload(text, **fields), Options(**options), by_hand.drawn(*processors))

    assert finding is not None
    assert finding.broken is not Broken.FACT
    assert finding.moment == moment


@pytest.mark.parametrize("name", BROKEN)
def test_the_sentence_has_the_numbers_that_decided(by_hand: Any, name: str) -> None:
    """What decided stands in the sentence, so that the program can be mended without our source."""
    (text, fields), options, processors, _, words = BROKEN[name]

    finding = by_hand.found(by_hand.workload(text, **fields), Options(**options), by_hand.drawn(*processors))

    assert finding is not None
    assert words in finding.why
