"""What a timeline is worth, against the brief's formulas worked by hand."""

from fractions import Fraction
from typing import Any

from climb.projects.scheduler.rules.measures import measure


def test_the_example_of_the_brief(by_hand: Any) -> None:
    """The measures of the brief's example are those that the brief prints."""
    given = by_hand.workload("e@0:2,10,2 b@1:30")

    measured = measure(given, by_hand.drawn("e0-2 b2-14 e14-16 b16-34"))

    assert measured.tasks["e"] == {"completion": 16, "turnaround": 16, "waiting": 2, "response": 0, "switches": 2}
    assert {name: round(float(value), 4) for name, value in measured.summary.items()} == {
        "makespan": 34,
        "throughput": 0.0588,
        "utilization": 1.0,
        "mean_turnaround": 24.5,
        "mean_waiting": 2.5,
        "mean_response": 0.5,
        "fairness": 0.9996,
        "switches": 4,
        "missed_deadlines": 0,
    }


def test_a_pause_is_no_switch(by_hand: Any) -> None:
    """A processor that begins the task that it ran last, after a pause, makes no switch."""
    measured = measure(by_hand.workload("A@0:1,3,1"), by_hand.drawn("A0-1 A4-5"))

    assert measured.tasks["A"]["switches"] == 1


def test_the_slowest_job_speaks_for_its_task(by_hand: Any) -> None:
    """Turnaround, waiting and response of a periodic task are the largest of its jobs, each from its own release."""
    given = by_hand.workload("A@0:2 B@0:3", machine={"until": 8}, A={"period": 4}, B={"period": 6})

    measured = measure(given, by_hand.drawn("A0-2 B2-5 A5-7 B7-10"))

    assert measured.tasks["A"] == {"completion": 7, "turnaround": 3, "waiting": 1, "response": 1, "switches": 2}
    assert measured.tasks["B"] == {"completion": 10, "turnaround": 5, "waiting": 2, "response": 2, "switches": 2}


def test_at_the_deadline_is_in_time(by_hand: Any) -> None:
    """A job that completes at its deadline has kept it; one tick later it has missed it."""
    given = by_hand.workload("A@0:2 B@0:2", A={"deadline": 2}, B={"deadline": 3})

    assert measure(given, by_hand.drawn("A0-2 B2-4")).summary["missed_deadlines"] == 1


def test_utilization_is_of_all_processors(by_hand: Any) -> None:
    """Idle processors and idle ticks before the first arrival count."""
    given = by_hand.workload("A@2:2", machine={"cpus": 2})

    assert measure(given, by_hand.drawn("A2-4", "")).summary["utilization"] == Fraction(1, 4)
