"""What the lab on kept connections says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

ROW, EACH = "in a row on one connection", "a connection for each request"


def made(
    *,
    each: float = 80.0,
    rows: tuple[float, float, float] = (20.0, 10.0, 2.0),
    left: int = 5000,
    predicted: float | None = None,
) -> Result:
    """A finished run with rows of 1, 2 and 10, each measured four times alike."""
    samples = [
        Sample(series=EACH, unit="µs", values=(each,) * 4),
        Sample(series="server's processor time, a connection each", unit="µs", values=(35.0,) * 4),
    ]
    for depth, took in zip((1, 2, 10), rows, strict=True):
        samples += [
            Sample(series=ROW, unit="µs", at=depth, values=(took,) * 4),
            Sample(series="server's processor time, in a row", unit="µs", at=depth, values=(took / 2,) * 4),
            Sample(
                series="reads of the server for a request, in a row", unit="reads", at=depth, values=(1 / depth,) * 4
            ),
        ]
    return Result(
        lab="keep-alive",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"row": 10, "body": 100},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={"connections left in TIME_WAIT": left, "connections that the server closed": 5900},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("keep-alive").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_longest_way_to_the_shortest() -> None:
    """A connection each against the longest row, and the headline has all three times."""
    explanation = find("keep-alive").explanation(made())

    assert explanation.answer.value == 40
    assert "80 µs with a connection of its own, 20 µs on one that is kept, 2 µs in a row of 10" in explanation.headline


def test_opening_has_its_price() -> None:
    """What a connection of its own adds, as a ratio and in µs."""
    text = said(made())

    assert "took 4 times as long (4 to 4) as one on a connection that is kept: 60 µs for opening and closing" in text


def test_a_price_that_does_not_show_is_not_claimed() -> None:
    """If the two can't be told apart, no µs are named."""
    text = said(made(each=20.0))

    assert "opening does not stand out" in text
    assert "µs for opening" not in text


def test_a_row_is_explained_by_what_it_shares() -> None:
    """Reads of the server, one after another and in the row."""
    assert "reads of the server for each request were 1 one after another and 0.1 in the row" in said(made())


def test_a_row_that_saves_nothing_is_told() -> None:
    """Neither a difference nor a cause is claimed if there is none to tell, or the row was slower."""
    assert "what a row saves does not stand out" in said(made(rows=(20.0, 20.0, 20.0)))
    assert "here the row was slower" in said(made(rows=(20.0, 25.0, 30.0)))


def test_first_and_last_that_are_the_same() -> None:
    """The headline does not rank what can't be told apart."""
    assert "can't be told apart by this run" in said(made(each=2.0))


def test_what_the_server_keeps_is_counted() -> None:
    """Connections in TIME_WAIT, and none if there were none."""
    assert "5,000 connections were left in TIME_WAIT, of 5,900" in said(made())
    assert "No connection of the server was left in TIME_WAIT" in said(made(left=0))


def test_the_prediction_is_marked_on_the_bars() -> None:
    """A predicted ratio is so many times the longest row's time."""
    bars, lines = find("keep-alive").explanation(made(predicted=10)).plots

    assert isinstance(bars, BarPlot)
    assert [mark.value for mark in bars.marks] == [20.0]
    assert isinstance(lines, LinePlot)
    assert [point.x for point in lines.lines[0].points] == [1, 2, 10]
