"""What the lab on deadlocks says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot, StripPlot
from climb.labs.result import Predicted, Result, Sample

STILL, WELL = "both locks wanted, until nothing went on", "both locks wanted, and it went well to the end"
ORDER, ONE, BACK = "one order for both", "one lock in place of two", "try, give back, wait at random"
AGAIN, ALONE = "try, give back, try at once", "one process alone"
COSTS = {ALONE: 2.0, ORDER: 6.0, ONE: 3.0, BACK: 4.0, AGAIN: 8.0}
NOISY = (0.8, 0.9, 1.0, 1.1, 1.2)


def made(
    still: tuple[float, ...] = (5, 50, 80, 200, 900),
    well: tuple[float, ...] = (),
    costs: dict[str, float] | None = None,
    *,
    noisy: bool = False,
    processors: int = 2,
    predicted: float | None = None,
) -> Result:
    """A finished run; each cure was measured five times."""
    scatter = NOISY if noisy else (1.0,) * 5
    samples = [Sample(series=name, unit="times", values=each) for name, each in ((STILL, still), (WELL, well)) if each]
    for way, cost in (COSTS | (costs or {})).items():
        values = tuple(cost * factor for factor in scatter)
        samples.append(Sample(series=f"time for both locks: {way}", unit="µs", values=values))
    for way, percent in ((BACK, 5.0), (AGAIN, 40.0)):
        samples.append(Sample(series=f"first lock given back: {way}", unit="%", values=(percent,) * 5))
    return Result(
        lab="deadlock",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"between": 10, "rest": 1000},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={"processors": processors},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("deadlock").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def doubts(result: Result) -> str:
    return " ".join(find("deadlock").explanation(result).trust)


def test_the_middle_trial_is_the_answer() -> None:
    """5, 50, 80, 200 and 900 have 80 in the middle; the extremes are named."""
    explanation = find("deadlock").explanation(made())

    assert explanation.answer.value == 80
    assert explanation.headline == (
        "The two stood still in 5 of 5 trials, the middle one after they had wanted both locks 80 times."
    )
    assert "had been wanted 5 times, the slowest at 900" in explanation.text
    assert "nothing happened" not in explanation.text


def test_trials_that_went_well_are_counted_with_what_they_reached() -> None:
    """Three of five stood still; the middle of all is still one of those."""
    result = made((5, 50, 80), (2000, 3000))

    assert find("deadlock").explanation(result).answer.value == 80
    assert "stood still in 3 of 5 trials; in the middle one of all" in said(result)
    assert "In 2 of 5 trials nothing happened" in said(result)
    assert "may be too low" not in doubts(result)


def test_a_middle_that_went_well_is_not_called_a_standstill() -> None:
    """If most trials went well, the headline says so, and the answer is doubted."""
    result = made((5,), (1000, 2000, 3000))

    assert "stood still in 1 of 4 trials; in the others it went well until the trial was over, 2,000 times" in said(
        result
    )
    assert "It stood still when both locks had been wanted 5 times." in said(result)
    assert "may be too low" in doubts(result)


def test_a_run_without_a_standstill_proves_nothing() -> None:
    """No trial of four stood still."""
    text = said(made((), (1000, 2000, 3000, 4000)))

    assert "In none of 4 trials did the two stand still, which proves nothing." in text
    assert "quickest trial" not in text


def test_the_cures_are_compared() -> None:
    """6 µs with an order and 3 µs with one lock: the order takes twice as long; and the other way round."""
    assert "One order took 2 times as long here." in said(made())
    assert "One lock took 2 times as long here." in said(made(costs={ONE: 12.0}))


def test_no_cure_is_called_cheaper_within_the_noise() -> None:
    """If the intervals include 1, neither the two cures nor the wait are judged."""
    text = said(made(costs=dict.fromkeys(COSTS, 4.0), noisy=True))

    assert "This run can’t tell the two apart." in text
    assert "Whether the wait helped, this run can’t tell." in text
    assert "as long here" not in text


@pytest.mark.parametrize(("again", "verdict"), [(8.0, "The wait helped"), (2.0, "The wait cost more than it saved")])
def test_the_random_wait_is_judged(again: float, verdict: str) -> None:
    """Against 4 µs with a wait, 8 µs without one speak for it, 2 µs against it."""
    text = said(made(costs={AGAIN: again}))

    assert verdict in text
    assert "40 % of all attempts were for nothing" in text
    assert "after a random wait 5 %, and 4 µs" in text


def test_one_processor_is_doubted() -> None:
    """There the two seldom meet."""
    assert "There is one processor" in doubts(made(processors=1))
    assert "There is one processor" not in doubts(made())


def test_the_prediction_is_marked_among_the_trials() -> None:
    """Predicted 30 is a mark at 30 on the first plot."""
    trials, costs = find("deadlock").explanation(made(predicted=30)).plots

    assert isinstance(trials, StripPlot)
    assert isinstance(costs, BarPlot)
    assert [(mark.value, mark.label) for mark in trials.marks] == [(30, "you predicted 30")]
    assert costs.marks == ()


def test_only_what_happened_has_a_row() -> None:
    """Without a trial that went well there is one row."""
    trials, _ = find("deadlock").explanation(made()).plots

    assert isinstance(trials, StripPlot)
    assert [strip.label for strip in trials.strips] == ["stood still"]
