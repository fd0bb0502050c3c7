"""What the lab on threads and epoll says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

THREADS = "a thread each"
EPOLL = "one epoll loop"
STEADY = (15.0,) * 10


def made(
    *,
    threads: tuple[float, ...] = STEADY,
    epoll: tuple[float, ...] = (16.0,) * 10,
    few: tuple[float, ...] | None = STEADY,
    memory: tuple[float, float] = (16.0, 0.125),
    kernel: tuple[float, float] = (33.0, 8.0),
    held: int = 10_000,
    stack: int = 256,
    limit: str | None = None,
    predicted: float | None = None,
) -> Result:
    """A finished run; ``few`` are the times of both servers that still hold ten, None if none hold more."""
    measured = {THREADS: (threads, memory[0], kernel[0]), EPOLL: (epoll, memory[1], kernel[1])}
    samples: list[Sample] = []
    facts: dict[str, float | str] = {"idle connections held at the most": held}
    for name, (latency, each, kernel_each) in measured.items():
        beside = f"{name}: the same beside it with 10 idle connections"
        samples += [] if few is None else [Sample(series=beside, unit="µs", at=held, values=few)]
        samples.append(Sample(series=f"{name}: answer to the one active client", unit="µs", at=held, values=latency))
        samples.append(Sample(series=f"{name}: memory for each connection", unit="KiB", at=held, values=(each,)))
        facts[f"{name}: kernel memory for each connection, by machine-wide counters (KiB)"] = kernel_each
        facts[f"{name}: address space at the end (MiB)"] = 3700
        facts[f"{name}: memory for all connections at the end (MiB)"] = each * held / 1024
    return Result(
        lab="threads-or-epoll",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"connections": 10_000, "stack": stack},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        facts=facts if limit is None else facts | {"what limited the connections": limit},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("threads-or-epoll").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_the_memory_of_a_thread() -> None:
    """The answer is what an idle connection with a thread took at the largest number of connections."""
    explanation = find("threads-or-epoll").explanation(made())

    assert explanation.answer.value == 16
    assert "Each of 10,000 idle connections cost 16 KiB" in explanation.headline
    assert "0.125 KiB in one epoll loop" in explanation.headline


def test_growth_too_small_to_see_is_not_given_as_zero() -> None:
    """If the loop's memory did not grow, the headline says that it was less than could be seen."""
    assert "less than could be seen in one epoll loop" in said(made(memory=(16.0, 0.0)))


def test_a_stack_is_told_from_what_is_touched() -> None:
    """With a stack far larger than the memory it says which share of it a thread touched; else it does not."""
    assert "0.2% of its stack's size" in said(made(stack=8192))
    assert "of its stack's size" not in said(made(memory=(100.0, 0.125)))


def test_a_limit_is_told() -> None:
    """If fewer connections were held than asked for, the first paragraph says how many and why; else it is missing."""
    text = said(made(held=2000, limit="open files"))

    assert "asked for 10,000 idle connections and held 2,000; the limit on this machine was: open files" in text
    assert "the limit on this machine" not in said(made())


def test_machine_wide_counters_speak_only_for_many_connections() -> None:
    """Below a thousand connections, or if the counters make no sense, nothing is said of the kernel's memory."""
    words = "The kernel keeps memory of its own"

    assert words in said(made())
    assert words not in said(made(held=500))
    assert words not in said(made(kernel=(-3.0, 8.0)))


def test_the_quicker_thread_is_told() -> None:
    """If the thread took less time than the loop, it gives the share and names the loop's additional system call."""
    text = said(made(threads=(12.0,) * 10))

    assert "the thread took 0.75 of the loop's time" in text
    assert "one system call more" in text


def test_the_slower_thread_is_told() -> None:
    """If the thread took more time than the loop, it says how many times as long."""
    assert "the thread took 2 times as long" in said(made(threads=(32.0,) * 10))


def test_without_a_difference_none_is_claimed_between_thread_and_loop() -> None:
    """If the interval of the ratio includes 1, it says that this run can tell no difference."""
    text = said(made(threads=(15.0, 16.0, 17.0, 16.0, 15.5)))

    assert "no difference that this run can tell" in text
    assert "of the loop's time" not in text


def test_times_that_stay_are_told_to_stay() -> None:
    """If both servers answered as quickly as among ten connections, idle ones cost next to no time."""
    assert "cost next to no time in either" in said(made())


def test_times_that_change_are_not_told_to_stay() -> None:
    """If answers took much longer than among ten connections, it does not say that idle ones cost no time."""
    text = said(made(threads=(30.0,) * 10))

    assert "next to no time" not in text
    assert "this run can't tell" in text


def test_a_run_that_ended_with_few_connections_compares_nothing_over_their_number() -> None:
    """If the machine allows only the first step, there is nothing to compare it with."""
    assert "Against servers of the same two kinds" not in said(made(held=10, few=None, limit="free memory"))


def test_the_prediction_is_marked_in_kib() -> None:
    """The mark is on the axis of the memory bars, and the plot of times has none."""
    memory, times = find("threads-or-epoll").explanation(made(predicted=8192)).plots

    assert isinstance(memory, BarPlot)
    assert [(mark.value, mark.label) for mark in memory.marks] == [(8192, "you predicted 8,192 KiB")]
    assert isinstance(times, LinePlot)
    assert times.marks == ()
