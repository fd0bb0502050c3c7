"""What the lab on false sharing says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

NOISY = (0.8, 0.9, 1.0, 1.1, 1.2)
DISTANCES = (8, 16, 32, 64, 128, 256, 512)
LINES_OF_64 = (3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0)
LINES_OF_128 = (3.0, 3.0, 3.0, 3.0, 1.0, 1.0, 1.0)
FLAT = (1.0,) * 7


def made(
    apart: tuple[float, ...] = LINES_OF_64,
    *,
    same: float = 3.0,
    alone: float = 1.0,
    noisy: bool = False,
    pause: int = 0,
    kernel: float = 64,
    together: float = 1.0,
    predicted: float | None = None,
) -> Result:
    """A finished run; each time was measured five times."""
    scatter = NOISY if noisy else (1.0,) * 5
    times: list[tuple[str, float | None, float]] = [
        ("counters apart", distance, value) for distance, value in zip(DISTANCES, apart, strict=True)
    ]
    times += [("one counter for both", None, same), ("one writer alone", None, alone)]
    return Result(
        lab="false-sharing",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"pause": pause},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(
            Sample(series=name, unit="ns", at=at, values=tuple(value * factor for factor in scatter))
            for name, at, value in times
        ),
        facts={
            "bytes of a cache line, by the kernel": kernel,
            "share of slices with both writing to the end": together,
        },
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("false-sharing").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_ratio_of_near_and_far_is_the_answer() -> None:
    """3 ns against 1 ns is three times as long, and costs 2 ns."""
    explanation = find("false-sharing").explanation(made())

    assert explanation.answer.value == 3
    assert explanation.headline == (
        "With the counters 8 bytes apart an addition took 3 ns, with 512 bytes 1 ns: 3 times as long."
    )
    assert "That cost 2 ns for an addition here." in explanation.text


def test_the_distance_at_which_the_time_falls_is_the_line() -> None:
    """From 32 to 64 bytes, as the kernel says."""
    text = said(made())

    assert "From 32 to 64 bytes the time fell most, from 3 to 1 ns." in text
    assert "as if they were 64 bytes long. The kernel names 64 bytes" in text
    assert "in pairs" not in text


def test_lines_in_pairs_are_considered() -> None:
    """If the time falls at 128 bytes, and lines have 64, the reason may be that they come in pairs."""
    assert "some processors fetch lines in pairs" in said(made(LINES_OF_128))


def test_a_kernel_that_is_silent_is_not_quoted() -> None:
    """Without a length from the kernel there is nothing to compare with."""
    text = said(made(LINES_OF_128, kernel=0))

    assert "as if they were 128 bytes long." in text
    assert "The kernel names" not in text
    assert "in pairs" not in text


@pytest.mark.parametrize("noisy", [False, True])
def test_nothing_is_claimed_where_nothing_can_be_seen(noisy: bool) -> None:
    """If near and far are alike, no cost and no line are named, and reasons are given."""
    text = said(made(FLAT, same=1.0, noisy=noisy))

    assert "which this run can’t tell apart" in text
    assert "Nothing of that could be seen in this run" in text
    assert "No distance stands out" in text
    assert "fell most" not in text
    assert "That cost" not in text
    assert "times sounds like much" not in text


def test_nearness_that_does_not_cost_is_told() -> None:
    """If near counters are even quicker, nothing is blamed on them."""
    text = said(made((0.5, *FLAT[1:])))

    assert "no longer for being near" in text
    assert "That cost" not in text


def test_a_long_pause_is_a_reason_to_see_nothing() -> None:
    """With other work between the additions, that is named first."""
    assert "with 1000 steps between two additions the journey may be small" in said(made(FLAT, pause=1000))


def test_one_counter_for_both_is_compared() -> None:
    """3 ns like the near counters is sharing; 2 ns is another time."""
    assert "to the hardware, false sharing is sharing" in said(made())
    assert "Two counters 8 bytes apart took 1.5 times as long as that." in said(made(same=2.0))


def test_one_writer_alone_is_compared() -> None:
    """As quick as far apart: undisturbed. Half of the time: not so."""
    assert "those don’t disturb each other" in said(made(alone=1.01))
    assert "two that are far apart 2 times as much" in said(made(alone=0.5))


def test_slices_with_one_writer_are_doubted() -> None:
    """A tenth is told; more than half shows little."""
    lab = find("false-sharing")

    assert "In all slices" in lab.explanation(made()).trust[0]
    assert "In 10 % of the slices" in lab.explanation(made(together=0.9)).trust[0]
    assert "this run shows little" not in " ".join(lab.explanation(made(together=0.9)).trust)
    assert "this run shows little" in lab.explanation(made(together=0.4)).trust[-1]


def test_the_prediction_is_marked_at_the_near_counters() -> None:
    """Predicted 5 times is marked at five times the 1 ns of the far ones, among the bars only."""
    lines, bars = find("false-sharing").explanation(made(predicted=5)).plots

    assert isinstance(lines, LinePlot)
    assert isinstance(bars, BarPlot)
    assert lines.marks == ()
    assert [(mark.value, mark.label) for mark in bars.marks] == [(5, "you predicted 5 × for 8 bytes")]
