"""What the lab on system calls says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

PIECES = (1, 8, 64, 512, 4096, 16_384, 65_536)


def made(
    *,
    kernel: tuple[float, ...] = (210.0,) * 10,
    user: tuple[float, ...] = (30.0,) * 10,
    small: tuple[float, ...] = (6100.0,) * 10,
    large: tuple[float, ...] = (100.0,) * 10,
    buffered: tuple[float, ...] = (1000.0,) * 10,
    target: str = "pipe",
    meltdown: str = "Not affected",
    predicted: float | None = None,
) -> Result:
    """A finished run; only pieces of 64 bytes and 64 KiB differ from 500 µs."""
    direct = {64: small, 65_536: large}
    series = [("one system call a piece", direct), ("collected in a buffer", {64: buffered})]
    lines = [
        Sample(series=name, unit="µs", at=size, values=values.get(size, (500.0,) * 10))
        for name, values in series
        for size in PIECES
    ]
    return Result(
        lab="system-calls",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"target": target, "buffer": 8192},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(
            Sample(series="call that stays in user space", unit="ns", values=user),
            Sample(series="call into the kernel", unit="ns", values=kernel),
            *lines,
        ),
        facts={"mitigation of meltdown": meltdown},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("system-calls").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_ratio_of_both_sizes() -> None:
    """6100 µs against 100 µs is 61 times as long."""
    assert find("system-calls").explanation(made()).answer.value == 61
    assert "61 times as long as in pieces of 64 KiB: 6,100 µs against 100 µs" in said(made())


def test_python_is_subtracted_from_the_crossing() -> None:
    """The crossing is the difference of two calls of one shape: 210 ns less 30 ns."""
    assert "their difference, 180 ns, is what the [system call](concept:system-calls) itself costs" in said(made())


def test_a_crossing_that_can_not_be_told_is_not_claimed() -> None:
    """If the difference may be zero, no cost is named."""
    text = said(made(kernel=(30.0, 29.0, 31.0, 28.0, 32.0) * 2))

    assert "it can't be told from zero" in text
    assert "itself costs" not in text


def test_page_table_isolation_is_named_where_it_is() -> None:
    """Only a kernel that changes page tables at each crossing is said to do so."""
    assert "also changes page tables" in said(made(meltdown="Mitigation: PTI"))
    assert "also changes page tables" not in said(made())


def test_the_price_of_a_saved_call_is_derived() -> None:
    """6000 µs over 16,368 calls saved is 367 ns each."""
    assert "Each of the calls saved took 367 ns" in said(made())


def test_no_price_is_derived_without_a_gain() -> None:
    """If small pieces were not slower, no call is given a price."""
    text = said(made(small=(90.0,) * 10))

    assert "shows no gain" in text
    assert "Each of the calls saved" not in text


def test_what_remains_depends_on_the_target() -> None:
    """A pipe and a file copy the bytes, /dev/null does not look at them."""
    assert "copying the bytes into the pipe" in said(made())
    assert "copying the bytes into the [page cache]" in said(made(target="file"))
    assert "does not look at the bytes" in said(made(target="null"))


def test_a_buffer_that_helps_is_told_by_how_much() -> None:
    """6100 µs against 1000 µs is 6.1 times as fast."""
    assert "6.1 times as fast" in said(made())


def test_a_buffer_that_hurts_is_told_so() -> None:
    """If pieces through the buffer took twice as long, that is what it says."""
    assert "made pieces of 64 bytes slower, 2 times" in said(made(buffered=(12_200.0,) * 10))


def test_a_buffer_without_an_effect_is_not_judged() -> None:
    """If the interval includes 1, it can't tell."""
    noisy = (6000.0, 6100.0, 6200.0, 6050.0, 6150.0) * 2

    assert "can't tell whether it helped" in said(made(small=noisy, buffered=noisy))


def test_the_prediction_is_marked_on_the_axis_of_time() -> None:
    """Predicted 20 times is marked at twenty times what 64-KiB pieces took."""
    plot = find("system-calls").explanation(made(predicted=20)).plots[0]

    assert isinstance(plot, LinePlot)
    assert [(mark.value, mark.label) for mark in plot.marks] == [(2000, "you predicted 20 × for 64-byte pieces")]


def test_without_a_prediction_nothing_is_marked() -> None:
    """Both plots are without marks."""
    plots = find("system-calls").explanation(made()).plots

    assert [plot.marks for plot in plots] == [(), ()]


def test_the_plots_say_their_numbers_in_words() -> None:
    """Lines and bars name what they show."""
    lines, bars = find("system-calls").explanation(made()).plots

    assert "64 bytes take 61 times as long as 64 KiB" in lines.alt
    assert isinstance(bars, BarPlot)
    assert bars.alt == "call that stays in user space: 30 ns; call into the kernel: 210 ns."
