"""What the lab on more threads says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.more_threads_slower import Law, law_of
from climb.labs.plot import LinePlot
from climb.labs.result import Predicted, Result, Sample

NOISY = (0.8, 0.9, 1.0, 1.1, 1.2)
COUNTS = (1, 2, 3, 4, 6, 8)
LOCKED, FREE = "part of it under a lock", "nothing shared"


def made(
    gains: tuple[float, ...] = (1, 1.5, 1.4, 1.3, 1.0, 0.8),
    *,
    noisy: bool = False,
    processors: int = 2,
    share: int = 20,
    predicted: float | None = None,
) -> Result:
    """A finished run; one thread does 100 thousand units a second."""
    series = {
        LOCKED: ("thousand/s", tuple(100 * gain for gain in gains)),
        FREE: ("thousand/s", (100, 198, 200, 200, 200, 200)),
        "processor given up, for 1,000 units": ("times", (0.5, 10, 20, 30, 40, 50)),
    }
    samples = tuple(
        Sample(series=way, unit=unit, at=count, values=tuple(value * f for f in (NOISY if noisy else (1.0,) * 5)))
        for way, (unit, values) in series.items()
        for count, value in zip(COUNTS, values, strict=True)
    )
    return Result(
        lab="more-threads-slower",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"share": share, "steps": 1000, "threads": 8},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=samples,
        facts={"processors": processors},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("more-threads-slower").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


@pytest.mark.parametrize("law", [Law(0.1, 0.0), Law(0.02, 0.01), Law(0.0, 0.3), Law(0.0, 0.0)])
def test_the_law_is_found_in_numbers_that_follow_it(law: Law) -> None:
    """Gains reckoned with two numbers give these two numbers back."""
    found = law_of({count: law.gain(count) for count in COUNTS})

    assert found == pytest.approx(law, abs=1e-9)


def test_neither_number_of_the_law_is_below_zero() -> None:
    """Gains above the number of threads, or ever steeper ones, fit nothing better than zero."""
    assert law_of({1: 1, 2: 2.5, 4: 6, 8: 20}) == Law(0.0, 0.0)
    assert law_of({1: 1, 2: 1.05, 4: 1.9, 8: 6}).keeping == 0.0


def test_the_peak_lies_where_the_law_says() -> None:
    """With σ = 0.1 and κ = 0.1 three threads do the most; with κ = 0 there is no peak."""
    assert Law(0.1, 0.1).peak == pytest.approx(3)
    assert Law(0.1, 0.0).peak is None


def test_less_than_one_alone_is_told() -> None:
    """0.8 times at eight threads is the headline, 1.5 times at two the most."""
    explanation = find("more-threads-slower").explanation(made())

    assert explanation.answer.value == pytest.approx(0.8)
    assert "8 threads did 0.8 times as much as one: less than one alone" in explanation.headline
    assert "The most was done by 2 threads: 1.5 times as much. With 8 it was 46.7 % less than that" in explanation.text
    assert "With nothing shared, 8 threads did 2 times as much as one." in explanation.text


def test_a_gain_is_told_without_a_fall() -> None:
    """If the most threads do the most, nothing is less."""
    text = said(made((1, 1.2, 1.4, 1.6, 1.7, 1.8)))

    assert "8 threads did 1.8 times as much as one." in text
    assert "The most was done by 8 threads" in text
    assert "did less" not in text


def test_no_difference_is_claimed_within_the_noise() -> None:
    """If the intervals include 1, eight threads are not called slower."""
    text = said(made((1, 1.01, 1, 1, 1, 1), noisy=True))

    assert "8 threads did as much as one, as far as this run can tell" in text
    assert "Whether 8 do less, this run can’t tell." in text
    assert "more threads did less" not in text


def test_a_law_without_a_peak_is_told() -> None:
    """Gains that only flatten have κ = 0."""
    text = said(made(tuple(Law(0.2, 0.0).gain(count) for count in COUNTS)))

    assert "σ = 0.200 and κ = 0.0000" in text
    assert "more threads never do less" in text


def test_a_peak_beyond_what_was_measured_is_called_so() -> None:
    """κ = 0.01 and σ = 0 have their peak at ten threads."""
    assert "would do less from about 10 on" in said(made(tuple(Law(0.0, 0.01).gain(count) for count in COUNTS)))


def test_a_peak_within_is_named() -> None:
    """κ = 0.1 and σ = 0.1 have it at three."""
    assert "the most is done by 3 threads" in said(made(tuple(Law(0.1, 0.1).gain(count) for count in COUNTS)))


def test_few_processors_are_explained() -> None:
    """Of eight threads on two processors six wait, and the law takes that for serial work."""
    text = said(made())

    assert "There were 2 processors" in text
    assert "There was one processor" in said(made(processors=1))
    assert "so here σ is more than the lock’s" not in said(made((1, 1.9, 2.8, 3.5, 5, 6.5)))


def test_enough_processors_need_no_explanation() -> None:
    """With sixteen each of eight threads has one."""
    assert "so each thread could have one" in said(made(processors=16))


def test_the_bound_of_the_lock_alone_is_told() -> None:
    """Half of the work under a lock can at most be done twice as fast."""
    assert "50 % had the lock, which alone would bound the gain at 2" in said(made(share=50))


def test_the_prediction_is_marked_at_the_gains() -> None:
    """Predicted 3 times is a mark at 3 on the first plot only."""
    gains, switches = find("more-threads-slower").explanation(made(predicted=3)).plots

    assert isinstance(gains, LinePlot)
    assert [line.label for line in gains.lines] == [LOCKED, FREE, "law"]
    assert [(mark.value, mark.label) for mark in gains.marks] == [(3, "you predicted 3 ×")]
    assert switches.marks == ()
