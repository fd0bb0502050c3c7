"""What the lab on starting processes says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.result import Predicted, Result, Sample

THREAD, VFORK, FORK = "a thread", "a process by vfork", "a process by fork"
SPAWN, FORK_EXEC = "a program by posix_spawn", "a program by fork and exec"
ALONE, BESIDE = "writing to a page, no child", "writing to a page that a forked child shares"
SIZES = (1, 16, 64, 256)
TIMES = {
    THREAD: (20.0, 20.0, 20.0, 20.0),
    VFORK: (30.0, 30.0, 30.0, 30.0),
    FORK: (1000.0, 1500.0, 3000.0, 10_000.0),
    SPAWN: (500.0, 500.0, 500.0, 500.0),
    FORK_EXEC: (1500.0, 2000.0, 3500.0, 10_500.0),
}


def made(
    *,
    times: dict[str, tuple[float, ...]] | None = None,
    alone: float = 5.0,
    beside: float = 2005.0,
    pages: str = "usual",
    huge: float = 0.0,
    predicted: float | None = None,
) -> Result:
    """A finished run in which each way took what ``times`` says at 1, 16, 64 and 256 MiB."""
    ways = [
        Sample(series=way, unit="µs", at=size, values=(took,) * 10)
        for way, row in (TIMES | (times or {})).items()
        for size, took in zip(SIZES, row, strict=True)
    ]
    return Result(
        lab="fork-clone-thread",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"memory": 256, "pages": pages},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(
            *ways,
            Sample(series=ALONE, unit="ns", values=(alone,) * 10),
            Sample(series=BESIDE, unit="ns", values=(beside,) * 10),
        ),
        facts={f"page tables of the parent with {size} MiB (KiB)": 80.0 + 2 * size for size in SIZES}
        | ({f"huge pages of the parent with {size} MiB (MiB)": huge for size in SIZES} if pages == "huge" else {}),
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("fork-clone-thread").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_in_threads() -> None:
    """A fork of 10 ms is as long as 500 threads of 20 µs."""
    assert find("fork-clone-thread").explanation(made()).answer.value == 500
    assert "One fork of a parent with 256 MiB took 10 ms, as long as 500 threads of 20 µs." in said(made())


def test_vfork_is_compared_with_a_thread() -> None:
    """Longer, shorter or not to be told apart: each is said as it was measured."""
    assert "that took 1.5 times as long as the thread" in said(made())
    assert "that took 0.5 of the thread’s time" in said(made(times={VFORK: (10.0,) * 4}))
    assert "from the thread this run can’t tell it" in said(made(times={VFORK: (20.0,) * 4}))


def test_growth_is_told_for_each_mib() -> None:
    """9000 µs more for 255 MiB are 35.3 µs each, and both page tables are named."""
    text = said(made())

    assert "35.3 µs more for each MiB" in text
    assert "here 82 and 592 KiB of them" in text


def test_without_growth_nothing_is_derived() -> None:
    """If the large parent's fork was not slower, no price is put on a MiB."""
    text = said(made(times={FORK: (1000.0,) * 4}))

    assert "which this run can’t tell apart" in text
    assert "more for each MiB" not in text


def test_a_thread_that_does_not_care_is_told_so() -> None:
    """The same time in the largest parent as in the smallest is said to be the same, another is not."""
    same = "took about the same in the largest parent as in the smallest"

    assert same in said(made())
    assert same not in said(made(times={THREAD: (20.0, 20.0, 20.0, 40.0)}))
    assert "it took 2 times what it took with the small one" in said(made(times={THREAD: (20.0, 20.0, 20.0, 40.0)}))


def test_huge_pages_are_named_where_they_were_given() -> None:
    """What the kernel gave is told, not what was asked for."""
    assert "for huge pages (256 MiB of the largest parent)" in said(made(pages="huge", huge=256.0))
    assert "huge pages were asked for, and not given" in said(made(pages="huge"))
    assert "huge pages" not in said(made())


def test_programs_are_compared() -> None:
    """10.5 ms by fork and exec against 500 µs by posix_spawn is 21 times as long."""
    assert "the copy made it take 21 times as long" in said(made())
    assert "this run can’t tell the two apart" in said(made(times={FORK_EXEC: (500.0,) * 4}))
    assert "which is more" in said(made(times={FORK_EXEC: (250.0,) * 4}))


def test_copying_later_is_extrapolated_with_its_premise() -> None:
    """2 µs more for each of 65,536 pages would be 131 ms."""
    assert "took 5 ns before a fork, and 2 µs while a forked child shared it" in said(made())
    assert "For all of 256 MiB that would be 131 ms" in said(made())


def test_copying_that_can_not_be_told_is_not_claimed() -> None:
    """If a shared page was written as fast, no copy is spoken of."""
    text = said(made(beside=5.0))

    assert "this run can’t tell the two apart" in text
    assert "would be" not in text


def test_the_prediction_is_marked_as_time() -> None:
    """100 threads of 20 µs are 2000 µs on the axis of the lines."""
    plots = find("fork-clone-thread").explanation(made(predicted=100)).plots

    assert [(mark.value, mark.label) for mark in plots[0].marks] == [
        (2000, "you predicted 100 threads for the last fork")
    ]
    assert plots[1].marks == ()


def test_the_plots_say_their_numbers_in_words() -> None:
    """Lines and bars name what they show."""
    lines, bars = find("fork-clone-thread").explanation(made()).plots

    assert "From 1 to 256 MiB in the parent: a thread: 20 µs to 20 µs" in lines.alt
    assert bars.alt == f"{ALONE}: 5 ns; {BESIDE}: 2 µs."
