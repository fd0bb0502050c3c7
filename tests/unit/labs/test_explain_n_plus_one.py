"""What the lab on a query for each row says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

COUNTS = (1, 3, 10)
EACH, JOIN, BOTH = "a query for each row", "one join", "two queries"


def made(
    *,
    each: tuple[float, float] = (2.0, 13.0),
    join: tuple[float, float] = (0.5, 1.3),
    both: tuple[float, float] = (0.6, 2.6),
    trips: tuple[float, float] = (0.1, 1.1),
    predicted: float | None = None,
) -> Result:
    """A finished run with ten orders at the most, each time measured four times alike: near, and farther away."""
    samples = []
    for at, place in enumerate(("near", "farther away")):
        samples.append(Sample(series=f"a query that reads nothing, {place}", unit="ms", values=(trips[at],) * 4))
        for way, times in ((EACH, each), (JOIN, join), (BOTH, both)):
            for count in COUNTS:
                took = times[at] * count / 10 if way == EACH else times[at]
                samples.append(Sample(series=f"{way}, {place}", unit="ms", at=count, values=(took,) * 4))
    return Result(
        lab="n-plus-one",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"rows": 10, "delay": 1},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("n-plus-one").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_of_the_longer_way() -> None:
    """The ratio farther away, for the most orders."""
    explanation = find("n-plus-one").explanation(made())

    assert explanation.answer.value == 10
    assert (
        "10 orders took 13 ms with a query for each and 1.3 ms with one join: 10 times as long" in explanation.headline
    )


def test_the_round_trips_are_reckoned() -> None:
    """Eleven queries are eleven times the measured round trip, and the rest has a name only if there is one."""
    text = said(made())

    assert "so 12.1 ms. Measured were 13 ms, 1.07 times that. The rest is the work of both sides" in text
    assert "The rest" not in said(made(each=(2.0, 12.1)))


def test_a_ratio_that_grows_with_the_distance_is_told() -> None:
    """Only if the two intervals lie apart."""
    assert "the ratio itself grows with the distance" in said(made())
    assert "this run can't tell" in said(made(each=(5.0, 13.0)))


def test_what_a_test_with_three_orders_sees() -> None:
    """Its time, which is small, beside the growth from one order to the most."""
    assert (
        "From one order to 10 the time with a query for each grew by a factor of 10, and with one join by one of 1."
        in said(made())
    )
    assert "A test with three orders measures 3.9 ms" in said(made())


def test_two_queries_that_are_like_a_join_are_not_told_apart() -> None:
    """The ratio of two queries to a join is a claim only if its interval leaves out 1."""
    assert "took 2 times as long (2 to 2) as the join. That is" in said(made())
    assert "so this run can't tell them apart" in said(made(both=(0.5, 1.3)))


def test_no_difference_is_told_as_none() -> None:
    """If both took the same in both places, neither the headline nor the text claims more."""
    text = said(made(each=(0.5, 1.3)))

    assert text.count("no difference that this run can tell") == 2


def test_the_prediction_is_marked_where_it_would_be() -> None:
    """A predicted ratio is so many times the join's time farther away."""
    lines, bars = find("n-plus-one").explanation(made(predicted=5)).plots

    assert isinstance(lines, LinePlot)
    assert [mark.value for mark in lines.marks] == [6.5]
    assert isinstance(bars, BarPlot)
    assert len(bars.bars) == 6
