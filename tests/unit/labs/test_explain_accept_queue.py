"""What the lab on the accept queue says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.remarks import prediction_verdict
from climb.labs.result import Predicted, Result, Sample

STEPS = {0.25: 1.03, 0.75: 1.03, 1.25: 2.05, 1.75: 2.05}
LINEAR = {"net.ipv4.tcp_syn_linear_timeouts": 4.0}


def made(
    *,
    backlog: int = 8,
    completed: tuple[float, ...] = (9.0,) * 5,
    accepted: float | None = None,
    somaxconn: int = 4096,
    at_most: int = 5000,
    waited: dict[float, float] = STEPS,
    unresolved: int = 0,
    facts: dict[str, float | str] = LINEAR,
    predicted: float | None = None,
) -> Result:
    """A finished run; each connect into a queue with room took 30 µs."""
    found = (completed[0] if accepted is None else accepted,) * len(completed)
    flat = (
        Sample(series="connects that completed", unit="connections", values=completed),
        Sample(series="connections found in the queue afterwards", unit="connections", values=found),
        Sample(series="connect while there was room", unit="µs", values=(30.0,) * 10),
    )
    waits = (
        Sample(series="connect to a full queue", unit="s", at=at, values=(took,) * 3) for at, took in waited.items()
    )
    return Result(
        lab="accept-queue",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"backlog": backlog},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(*flat, *waits),
        facts={
            "net.core.somaxconn": somaxconn,
            "connects tried at most": at_most,
            "connects that never completed": unresolved,
            "backlog of the queues in the second part": min(backlog, 8),
            **facts,
        },
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("accept-queue").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_one_more_than_the_backlog_is_explained() -> None:
    """If the backlog and one more completed in every round, it says that this is the rule."""
    text = said(made())

    assert "With a backlog of 8, 9 connects completed" in text
    assert "held 9 connections in each of the rounds: one more than the backlog" in text


def test_counts_keep_all_their_digits() -> None:
    """A thousand and one is not told as a thousand, neither in the headline nor in the verdict on the prediction."""
    result = made(backlog=1000, completed=(1001.0,) * 5, predicted=1000)
    explanation = find("accept-queue").explanation(result)

    assert "1,001 connects" in explanation.headline
    assert prediction_verdict(find("accept-queue"), result, explanation) == (
        "You predicted 1,000 connections, and measured 1,001 connections: too low by 0.0999 %."
    )


def test_a_backlog_above_somaxconn_is_cut() -> None:
    """If the kernel allows less than was asked for, text and plot show the limit, and the rule holds for that."""
    result = made(backlog=10_000, completed=(4097.0,) * 5)
    bars = find("accept-queue").explanation(result).plots[0]

    assert "the kernel cut that to `net.core.somaxconn`, which is 4,096 here" in said(result)
    assert isinstance(bars, BarPlot)
    assert {bar.label: bar.value for bar in bars.bars} == {
        "backlog asked for": 10_000,
        "net.core.somaxconn": 4096,
        "connects that completed": 4097,
    }


def test_other_counts_are_not_explained_by_the_rule() -> None:
    """If another number completed, it says what Linux does and that something differs here."""
    text = said(made(completed=(5.0, 9.0, 9.0, 9.0, 9.0)))

    assert "here 5 to 9 completed" in text
    assert "in each of the rounds" not in text


def test_a_queue_that_was_not_filled_has_no_end() -> None:
    """If the lab had to stop trying before a connect hung, it doesn't claim to know where the queue ends."""
    text = said(made(backlog=1000, completed=(400.0,) * 5, at_most=400))

    assert "none of them hung" in text
    assert "Where the queue ends, this run can't say" in text
    assert "one more than the backlog" not in text


def test_connections_missing_from_the_queue_are_told() -> None:
    """If fewer connections were found than had completed, it doesn't say that all were there."""
    text = said(made(accepted=7.0))

    assert "7 connections were there" in text
    assert "were still there" not in text


def test_waits_of_whole_seconds_are_told_as_repeated_syns() -> None:
    """If every wait ended about at a whole second, it names the seconds and the SYN that was repeated then."""
    assert "They ended about 1 s or 2 s after they began" in said(made())


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [(LINEAR, "The first 4 repetitions come a second apart"), ({}, "Each further wait is twice as long")],
    ids=["linear", "exponential"],
)
def test_the_repetitions_are_told_as_this_kernel_spaces_them(facts: dict[str, float | str], sentence: str) -> None:
    """With net.ipv4.tcp_syn_linear_timeouts the first repetitions come each second; kernels without it double each wait."""
    assert sentence in said(made(facts=facts))


def test_other_waits_are_not_told_as_whole_seconds() -> None:
    """If a wait ended between the seconds, it says that something else delayed it as well."""
    text = said(made(waited={0.25: 1.03, 0.75: 1.5}))

    assert "They ended about" not in text
    assert "something else delayed them as well" in text


def test_waits_without_an_end_have_no_plot() -> None:
    """If no waiting connect completed, it says so, and there is no plot of waits."""
    explanation = find("accept-queue").explanation(made(waited={}, unresolved=18))

    assert "No waiting connect completed" in explanation.text
    assert len(explanation.plots) == 1
    assert any("18 waiting connects did not complete" in sentence for sentence in explanation.trust)


def test_the_prediction_is_marked_in_connections() -> None:
    """The mark is on the axis of the bars, where the prediction is."""
    bars, waits = find("accept-queue").explanation(made(predicted=20)).plots

    assert [(mark.value, mark.label) for mark in bars.marks] == [(20, "you predicted 20")]
    assert isinstance(waits, LinePlot)
    assert waits.marks == ()
