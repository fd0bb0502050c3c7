"""What the lab on pipes and shared memory says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

NOISY = (0.8, 0.9, 1.0, 1.1, 1.2)
SIZES = tuple(64 if power == 0 else 4**power * 256 for power in range(8))
PIPE, SOCKET = "pipe", "Unix socket"
SHARED, SPINNING = "shared memory, woken by an eventfd", "shared memory, looking all the time"
ALIKE = (10.0, 10.0, 10.0, 12.0, 20.0, 60.0, 200.0, 800.0)
QUICK = (10.0, 10.0, 10.0, 11.0, 12.0, 30.0, 100.0, 400.0)
TIMES = {PIPE: ALIKE, SOCKET: ALIKE, SHARED: QUICK, SPINNING: (2.0, *QUICK[1:])}


def made(
    times: dict[str, tuple[float, ...]] | None = None,
    *,
    noisy: bool = False,
    processors: str = "two",
    used: int = 2,
    predicted: float | None = None,
) -> Result:
    """A finished run; each time was measured five times."""
    scatter = NOISY if noisy else (1.0,) * 5
    samples = [
        Sample(series=way, unit="µs", at=size, values=tuple(value * factor for factor in scatter))
        for way, values in (TIMES | (times or {})).items()
        for size, value in zip(SIZES, values, strict=True)
    ]
    return Result(
        lab="pipe-or-shared-memory",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"buffer": 64, "processors": processors},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts={"processors in use": used},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("pipe-or-shared-memory").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_ratio_at_one_mebibyte_is_the_answer() -> None:
    """200 µs against 100 µs is twice as long."""
    explanation = find("pipe-or-shared-memory").explanation(made())

    assert explanation.answer.value == 2
    assert explanation.headline == (
        "A message of 1 MiB took 200 µs through a pipe and 100 µs through shared memory with an eventfd, 2 times as long."
    )
    assert "A pipe copies twice" in explanation.text


def test_a_quicker_pipe_is_told() -> None:
    """If the pipe takes half of the time, nothing speaks of its copies."""
    text = said(made({SHARED: tuple(2 * value for value in ALIKE)}))

    assert "the pipe was quicker" in text
    assert "A pipe copies twice" not in text
    assert "can’t name a size" in text
    assert "Shared memory was not quicker: the pipe took 0.5 times its time." in text


def test_no_winner_is_named_within_the_noise() -> None:
    """If the intervals include 1, nothing is called quicker."""
    text = said(made(dict.fromkeys(TIMES, ALIKE), noisy=True))

    assert "which this run can’t tell apart" in text
    assert "can’t tell pipe and shared memory apart" in text
    assert "can’t name a size" in text
    assert "can’t tell that from being woken" in text


def test_the_size_from_which_on_shared_memory_wins_is_named() -> None:
    """10 µs both at 4 KiB, 11 against 12 at 16 KiB."""
    assert "was quicker than the pipe from 16 KiB on" in said(made())


def test_shared_memory_that_always_wins_is_told() -> None:
    """Half of the pipe's time at every size."""
    text = said(made({SHARED: tuple(value / 2 for value in ALIKE)}))

    assert "was quicker than the pipe at every size" in text
    assert "The pipe took 2 times as long" in text


def test_throughput_is_told() -> None:
    """4 MiB in 400 µs are 9.77 GiB a second."""
    assert "4.88 GiB/s through the pipe, 4.88 GiB/s through the socket, 9.77 GiB/s through shared memory" in said(
        made()
    )


def test_what_looking_saves_is_told_with_its_price() -> None:
    """2 µs against 10 µs is five times as quick, and a processor is busy."""
    text = said(made())

    assert "That is 5 times as quick as being woken" in text
    assert "It keeps a processor busy" in text


@pytest.mark.parametrize("wanted", ["one", "two"])
def test_one_processor_is_explained(wanted: str) -> None:
    """The one who looks keeps the writer from writing, whether one processor was wanted or there is no other."""
    result = made({SPINNING: ALIKE, SHARED: tuple(value / 2 for value in ALIKE)}, processors=wanted, used=1)

    assert "Being woken was quicker. Both processes had one processor" in said(result)
    doubted = "this machine lets us use one" in find("pipe-or-shared-memory").explanation(result).trust[-1]
    assert doubted == (wanted == "two")


def test_the_prediction_is_marked_at_the_pipe() -> None:
    """Predicted 3 times is marked at three times shared memory's 100 µs, among the bars only."""
    lines, bars = find("pipe-or-shared-memory").explanation(made(predicted=3)).plots

    assert isinstance(lines, LinePlot)
    assert isinstance(bars, BarPlot)
    assert lines.marks == ()
    assert [(mark.value, mark.label) for mark in bars.marks] == [(300, "you predicted 3 × for the pipe")]
