"""What the lab on context switches says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot
from climb.labs.result import Predicted, Result, Sample

ALONE = "to itself, no switch"
PROCESSES = "to another process, same processor"
THREADS = "to another thread, same processor"
APART = "to another process, another processor"
KEPT = "walk through memory, nobody between"
TAKEN = "walk through memory, after the other’s turn"
SIZES = (4, 16, 64, 256)


def made(
    *,
    alone: tuple[float, ...] = (1.0,) * 10,
    processes: tuple[float, ...] = (3.0,) * 10,
    threads: tuple[float, ...] = (2.5,) * 10,
    apart: tuple[float, ...] | None = (21.0,) * 10,
    taken: tuple[float, ...] = (1.0, 1.0, 10.0, 3.0),
    predicted: float | None = None,
) -> Result:
    """A finished run; a walk takes 1 µs at each size if nobody runs between, and ``taken`` after the other's turn."""
    turns = {ALONE: alone, PROCESSES: processes, THREADS: threads} | ({} if apart is None else {APART: apart})
    walks = [
        Sample(series=series, unit="µs", at=size, values=(value,) * 10)
        for series, values in ((KEPT, (1.0,) * 4), (TAKEN, taken))
        for size, value in zip(SIZES, values, strict=True)
    ]
    return Result(
        lab="context-switch",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"memory": 256, "channel": "pipe"},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(*(Sample(series=name, unit="µs", values=values) for name, values in turns.items()), *walks),
        facts={f"switches in a turn: {name}": 0.0 if name == ALONE else 1.005 for name in turns}
        | {"caches of a processor, the nearest first (KiB)": "32, 1024, 32768"},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("context-switch").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_system_calls_are_subtracted() -> None:
    """A turn of 3 µs, of which 1 µs is taken without a partner, leaves 2 µs for the switch."""
    assert find("context-switch").explanation(made()).answer.value == 2
    assert "A switch from one process to another took 2 µs, beside 1 µs for the two system calls" in said(made())


def test_the_kernels_count_is_told() -> None:
    """The switches that the kernel counted stand beside the time."""
    assert "1.00 times for each of its turns with the other, and 0.00 times without" in said(made())


def test_a_switch_that_can_not_be_told_is_not_claimed() -> None:
    """If the difference may be zero, it is not called the switch."""
    text = said(made(processes=(0.9, 1.0, 1.1, 1.0, 1.0) * 2))

    assert "can’t be told from zero" in text
    assert "are the [switch]" not in text
    assert "of one processor at this price" not in text


def test_threads_that_are_cheaper_are_told_why() -> None:
    """1.5 µs between threads against 2 µs between processes is put down to the page tables."""
    assert "it took 1.5 µs, which is less: they share one address space" in said(made())


def test_threads_that_are_dearer_are_told_why() -> None:
    """If Python's threads took longer, their lock is named and nothing is said to be saved."""
    text = said(made(threads=(6.0,) * 10))

    assert "which is more" in text
    assert "interpreter’s lock" in text


def test_threads_that_can_not_be_told_apart_are_not_compared() -> None:
    """Without a difference no saving is claimed."""
    text = said(made(threads=(3.0,) * 10))

    assert "can’t tell from that between processes" in text
    assert "which is less" not in text


def test_another_processor_is_compared_with_the_switch() -> None:
    """Waking another processor is said to take longer only if it did."""
    assert "that takes longer than the switch" in said(made())
    assert "which is less: nothing has to be put aside" in said(made(apart=(2.0,) * 10))
    assert "which this run can’t tell from a switch" in said(made(apart=(3.0,) * 10))


def test_one_processor_is_enough() -> None:
    """Without a second processor the lab says so, and shows three bars."""
    result = made(apart=None)
    plot = find("context-switch").explanation(result).plots[0]

    assert "With one processor, that is all there is to compare" in said(result)
    assert isinstance(plot, BarPlot)
    assert len(plot.bars) == 3


def test_the_size_that_lost_most_is_told() -> None:
    """9 µs more at 64 KiB are 4.5 times the switch, and the larger size is said to have less to lose."""
    text = said(made())

    assert "A walk through 64 KiB took 1 µs if nobody had run between, and 10 µs after" in text
    assert "9 µs more, 4.5 times the switch itself" in text
    assert "What is too large for a cache" in text


def test_nothing_is_explained_where_the_largest_lost_most() -> None:
    """If the loss only grows, no cache is said to be too small."""
    text = said(made(taken=(1.0, 1.0, 2.0, 9.0)))

    assert "A walk through 256 KiB" in text
    assert "What is too large for a cache" not in text


def test_caches_without_a_loss_are_not_blamed() -> None:
    """If no walk took longer after the other's turn, that is what it says."""
    text = said(made(taken=(1.0,) * 4))

    assert "this run can’t tell, at any size" in text
    assert "takes places in the caches" not in text


def test_a_loss_smaller_than_the_switch_is_called_so() -> None:
    """Half a microsecond is less than the switch of 2 µs."""
    assert "0.5 µs more, less than the switch itself" in said(made(taken=(1.0, 1.5, 1.0, 1.0)))


def test_switches_in_a_second_are_a_share_of_the_processor() -> None:
    """Ten thousand switches of 2 µs are 2 % of a second."""
    assert "10,000 switches a second (`vmstat` counts them under `cs`) are 2 % of one processor" in said(made())


def test_the_prediction_is_marked_on_the_bars() -> None:
    """It is in microseconds, as the bars are."""
    plots = find("context-switch").explanation(made(predicted=5)).plots

    assert [(mark.value, mark.label) for mark in plots[0].marks] == [(5, "you predicted 5 µs")]
    assert plots[1].marks == ()


def test_the_plots_say_their_numbers_in_words() -> None:
    """Bars and lines name what they show."""
    bars, lines = find("context-switch").explanation(made()).plots

    assert "the two system calls alone: 1 µs; switch to another process, same processor: 2 µs" in bars.alt
    assert "64 KiB: 1 µs, after the other’s turn 10 µs" in lines.alt
