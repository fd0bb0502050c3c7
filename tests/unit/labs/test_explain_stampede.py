"""What the lab on stampedes says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, StripPlot
from climb.labs.result import Predicted, Result, Sample
from climb.labs.running_out import EARLY, FLIGHT, LOCK, NOTHING


def made(
    *,
    nothing: tuple[float, ...] = (15, 16, 17, 16),
    flight: tuple[float, ...] = (3, 4, 4, 4),
    lock: tuple[float, ...] = (1, 1, 1, 1),
    early: tuple[float, ...] = (1, 2, 3, 2),
    waited_for_lock: float = 17,
    copies: int = 4,
    predicted: float | None = None,
) -> Result:
    """A finished run at 500 requests a second and 30 ms."""
    waits = {NOTHING: nothing, FLIGHT: (18.0,) * 4, LOCK: (waited_for_lock,) * 4, EARLY: early}
    samples = [
        Sample(series=f"queries that reached the database: {way}", unit="queries", values=values)
        for way, values in ((NOTHING, nothing), (FLIGHT, flight), (LOCK, lock), (EARLY, early))
    ]
    samples += [
        Sample(series=f"requests that waited: {way}", unit="requests", values=values) for way, values in waits.items()
    ]
    samples.append(Sample(series="time of a query", unit="ms", values=(30.0,) * 4))
    return Result(
        lab="stampede",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"rate": 500, "query": 30, "copies": copies},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("stampede").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_middle_without_protection() -> None:
    """The median number of queries with nothing against it; the headline has the least and the most."""
    explanation = find("stampede").explanation(made())

    assert explanation.answer.value == 16
    assert (
        "Each of the 4 times that the entry ran out with nothing against it, 15 to 17 queries" in explanation.headline
    )
    assert explanation.headline.endswith("with a lock in the cache 1.")


def test_the_number_is_reckoned_from_rate_and_time() -> None:
    """The first one and those that come meanwhile; that the two agree is a claim only inside of the interval."""
    assert "1 + 500/s · 30 ms, as the queries were measured, is 16." in said(made())
    assert "The two agree" in said(made())
    assert "need not be the same" in said(made(nothing=(30, 31, 32, 31)))


def test_each_copy_flies_for_itself() -> None:
    """How many copies there are is said beside what they asked; one copy is called the only one."""
    assert "in each of 4 copies of the service: 3 to 4 queries each time, 4 in the middle" in said(made())
    assert "in the only copy of the service: 1 query each time" in said(made(copies=1, flight=(1, 1, 1, 1)))


def test_protection_of_the_database_is_none_of_the_clients() -> None:
    """How many waited is told for all ways."""
    assert "18 and 17 requests had to wait each time, where with nothing it was 16" in said(made())


def test_renewing_early_is_praised_only_if_fewer_waited() -> None:
    """With few requests as many wait as for a lock, and then the text says so."""
    assert "the one way of these four in which few wait" in said(made())
    assert "no fewer than wait for a lock" in said(made(waited_for_lock=2))


def test_the_prediction_is_among_the_dots() -> None:
    """On the axis of queries, in their unit."""
    strips, bars = find("stampede").explanation(made(predicted=100)).plots

    assert isinstance(strips, StripPlot)
    assert [mark.value for mark in strips.marks] == [100]
    assert [strip.label for strip in strips.strips] == [NOTHING, FLIGHT, LOCK, EARLY]
    assert isinstance(bars, BarPlot)
    assert bars.marks == ()
