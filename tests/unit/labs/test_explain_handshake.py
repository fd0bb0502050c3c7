"""What the lab on new connections says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot
from climb.labs.result import Predicted, Result, Sample

TIMES = {1: 70.0, 2: 44.0, 4: 30.0, 8: 21.0, 16: 20.5, 64: 20.1}


def made(
    *,
    times: dict[int, float] = TIMES,
    new: tuple[float, ...] | None = None,
    kept: tuple[float, ...] = (20.0,) * 10,
    connect: float = 25.0,
    answer: int = 100,
    distance: float = 20.0,
    processors: int = 1,
    predicted: float | None = None,
) -> Result:
    """A finished run; ``new`` replaces the times of a request on a connection of its own."""
    by_requests = {requests: (took,) * 10 for requests, took in times.items()} | ({} if new is None else {1: new})
    reused = (
        Sample(series="time of a request, by requests on its connection", unit="µs", at=requests, values=values)
        for requests, values in by_requests.items()
    )
    return Result(
        lab="handshake",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"answer": answer, "distance": distance, "processors": processors},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(
            *reused,
            Sample(series="time of a request on one connection kept open", unit="µs", values=kept),
            Sample(series="of that, until connect returns", unit="µs", values=(connect,) * 10),
        ),
        facts={"connections opened": 7000, "processors in use": processors},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("handshake").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_ratio_of_new_to_kept() -> None:
    """The answer and the headline say how many times as long a request took with a connection of its own."""
    explanation = find("handshake").explanation(made())

    assert explanation.answer.value == 3.5
    assert "took 3.5 times as long with a connection of its own" in explanation.headline


def test_the_share_of_the_handshake_is_told() -> None:
    """Of the 50 µs that a new connection added, connect took 25: half of them."""
    text = said(made())

    assert "added 50 µs to a request" in text
    assert "50% of what was added is [the handshake]" in text


def test_without_a_difference_none_is_claimed() -> None:
    """If the interval of the ratio includes 1, neither headline nor text says that one took longer."""
    text = said(made(new=(10.0, 20.0, 30.0, 20.0, 19.0, 21.0)))

    assert "this run can tell no difference" in text
    assert "does not stand out" in text
    assert "A connection of its own added" not in text


def test_a_faster_new_connection_is_told_as_such() -> None:
    """If a request with its own connection was the faster one, the headline says that, and nothing was added."""
    text = said(made(new=(10.0,) * 10))

    assert "was the faster one here" in text
    assert "A connection of its own added" not in text


@pytest.mark.parametrize(
    ("last", "sentence"),
    [(20.1, "From 8 on, less than a tenth"), (25.0, "Even 64 requests on a connection left more than a tenth")],
    ids=["reached", "never"],
)
def test_reuse_is_followed_to_where_it_is_near(last: float, sentence: str) -> None:
    """It names the first number of requests from which all are within a tenth of the kept connection, if there is one."""
    assert sentence in said(made(times={**TIMES, 64: last}))


def test_a_distance_adds_two_round_trips_to_a_new_connection() -> None:
    """With a small answer a new connection pays two round trips, an open one pays one, besides what was measured."""
    bars = find("handshake").explanation(made(distance=100.0)).plots[1]

    assert isinstance(bars, BarPlot)
    assert [bar.value for bar in bars.bars] == [pytest.approx(200.07), pytest.approx(100.02)]


@pytest.mark.parametrize(
    ("answer", "more"), [(14_600, None), (14_601, "1 more round trip:"), (1_000_000, "6 more round trips:")]
)
def test_a_long_answer_adds_round_trips_of_slow_start(answer: int, more: str | None) -> None:
    """What exceeds ten segments needs further round trips on a new connection, as the window doubles with each."""
    text = said(made(answer=answer))

    assert more in text if more else "more round trip" not in text.replace("one more round trip", "")


def test_the_distance_is_said_to_be_calculated() -> None:
    """Text, plot and trust say that times over a distance were not measured."""
    explanation = find("handshake").explanation(made())

    assert "by calculation" in explanation.text
    assert "calculated" in explanation.plots[1].title
    assert any("calculated" in sentence for sentence in explanation.trust)


def test_the_prediction_is_marked_on_the_measured_axis() -> None:
    """A predicted ratio of 4 stands at four times the kept connection's 20 µs, beside the mark of the kept one."""
    lines = find("handshake").explanation(made(predicted=4)).plots[0]

    assert [(mark.value, mark.label) for mark in lines.marks] == [(20, "kept open: 20 µs"), (80, "you predicted 4 ×")]


@pytest.mark.parametrize(("processors", "words"), [(1, "share one processor"), (2, "have a processor each")])
def test_the_processors_are_named(processors: int, words: str) -> None:
    """It says whether client and server shared a processor, as that is in every number."""
    assert words in find("handshake").explanation(made(processors=processors)).trust[0]
