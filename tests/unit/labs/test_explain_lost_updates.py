"""What the lab on lost updates says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import LinePlot
from climb.labs.result import Predicted, Result, Sample

NEVER = (0.0,) * 4
LOST = {10: NEVER, 100: NEVER, 1000: (0.0, 0.0, 0.0, 2.0), 10_000: (10.0,) * 4, 100_000: (30.0,) * 4}
PLAIN, LOCKED, OWN = "no lock", "a lock around each addition", "a counter each, added up"


def made(
    *,
    lost: dict[int, tuple[float, ...]] | None = None,
    locked_ns: float = 500.0,
    own_ns: float = 100.0,
    still_lost: float = 0.0,
    processors: int = 2,
    writers: int = 2,
    predicted: float | None = None,
) -> Result:
    """A finished run of two writers."""
    samples = [
        Sample(series=f"lost: {PLAIN}", unit="%", values=values, at=times) for times, values in (lost or LOST).items()
    ]
    for way, nanoseconds in ((PLAIN, 150.0), (LOCKED, locked_ns), (OWN, own_ns)):
        samples.append(Sample(series=f"time of an addition: {way}", unit="ns", values=(nanoseconds,) * 4))
    samples += [Sample(series=f"lost: {way}", unit="%", values=(still_lost,) * 4) for way in (LOCKED, OWN)]
    return Result(
        lab="lost-updates",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"writers": writers, "between": 0},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={"processors": processors},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("lost-updates").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_share_lost_is_told() -> None:
    """30 % at the largest size is the headline and the answer."""
    explanation = find("lost-updates").explanation(made())

    assert explanation.headline == "Of 2 × 100,000 additions without a lock, 30 % were lost."
    assert explanation.answer.value == 30


def test_a_size_at_which_nothing_was_lost_is_named() -> None:
    """The largest size with a right result in every run is what a test would have passed."""
    text = said(made())

    assert "25 % with 1,000" in text
    assert "With 100 additions the result was right every time." in text


def test_chance_is_named_where_each_size_lost_something() -> None:
    """If some runs lost something at every size, the test would have passed or failed by chance."""
    text = said(made(lost=dict.fromkeys(LOST, (0.0, 5.0, 5.0, 5.0))))

    assert "by chance at some of these sizes" in text
    assert "right every time" not in text


def test_a_run_without_losses_proves_nothing() -> None:
    """Nothing lost at any size is said to prove nothing."""
    text = said(made(lost=dict.fromkeys(LOST, NEVER)))

    assert "none was lost in this run, which proves nothing" in text
    assert "A test would have passed at every size" in text


def test_one_processor_is_explained() -> None:
    """Where processes take turns, losses need an unlucky moment."""
    assert "On one processor that can only happen when" in said(made(processors=1))


def test_a_cheap_counter_of_its_own_is_advised() -> None:
    """100 ns against 500 ns speaks for counting apart."""
    assert "What is not shared needs no lock" in said(made())


def test_a_lock_that_costs_little_is_not_blamed() -> None:
    """150 ns against 100 ns speaks for nothing."""
    text = said(made(locked_ns=150.0))

    assert "In this run the lock cost little" in text
    assert "What is not shared" not in text


def test_losses_with_a_lock_would_be_said() -> None:
    """If additions were lost with a lock, the text does not claim the opposite."""
    text = said(made(still_lost=1.0))

    assert "which should not be" in text
    assert "no addition was lost" not in text


def test_more_writers_than_processors_are_doubted() -> None:
    """Eight writers on two processors did not all run at once."""
    assert "8 processes shared 2 processors" in find("lost-updates").explanation(made(writers=8)).trust[-1]


def test_the_prediction_is_marked_on_the_share() -> None:
    """Predicted 5 % is a mark at 5 on the first plot."""
    plot, _ = find("lost-updates").explanation(made(predicted=5)).plots

    assert isinstance(plot, LinePlot)
    assert [(mark.value, mark.label) for mark in plot.marks] == [(5, "you predicted 5 %")]
