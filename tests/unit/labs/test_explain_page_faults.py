"""What the lab on page faults says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot
from climb.labs.result import Predicted, Result, Sample


def made(
    *,
    faults: float = 16_384,
    again: float = 0,
    pages: str = "usual",
    policy: str = "madvise",
    line: float = 3.0,
    predicted: float | None = None,
) -> Result:
    """A finished run over 64 MiB: 1500 ns for the first touch, 15 ns for the second; ``line`` is the stride of 64."""
    strides = dict.fromkeys((8, 16, 32), 0.6) | {64: line} | dict.fromkeys((128, 256, 512, 1024, 2048, 4096), 12.0)
    flat = {"first touch": 1500.0, "second touch": 15.0, "loop alone in the nearest cache": 0.6}
    return Result(
        lab="page-faults",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"size": 64, "pages": pages},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(
            *(Sample(series=name, unit="ns", values=(value,) * 5) for name, value in flat.items()),
            *(
                Sample(series="one touch at each stride", unit="ns", at=at, values=(v,) * 5)
                for at, v in strides.items()
            ),
        ),
        facts={
            "bytes in a page": 4096,
            "huge pages": policy,
            "page faults, first touch": faults,
            "page faults, second touch": again,
        },
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("page-faults").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_first_against_second() -> None:
    """1500 ns against 15 ns is 100 times as long."""
    assert find("page-faults").explanation(made()).answer.value == 100
    assert "The first touch of a page took 1,500 ns, the second 15 ns: 100 times as long." in said(made())


def test_one_fault_a_page_is_told() -> None:
    """As many faults as pages means one for each."""
    text = said(made())

    assert "16,384 pages of 4 KiB caused 16,384 [page faults]" in text
    assert "That is one for each page" in text


def test_fewer_faults_than_pages_are_told_by_their_size() -> None:
    """Thirty-two faults for 64 MiB are 2 MiB each."""
    text = said(made(faults=32, pages="huge"))

    assert "gave about 2 MiB with each fault" in text
    assert "one for each page" not in text


def test_middling_pages_are_told_in_kib() -> None:
    """A kernel that gives 64 KiB at a time is said to."""
    assert "gave about 64 KiB with each fault" in said(made(faults=1024))


def test_huge_pages_that_did_not_come_are_told() -> None:
    """Asked for, but as many faults as usual pages: the kernel's setting is named."""
    text = said(made(pages="huge", policy="never"))

    assert "No huge pages came although they were asked for" in text
    assert "“never”" in text


def test_no_fault_at_all_is_survived() -> None:
    """A kernel that counts nothing leads to a text all the same."""
    assert "caused 0 [page faults]" in said(made(faults=0))


def test_lines_are_explained_where_they_show() -> None:
    """If 64 bytes apart takes longer than 8, the cache line is named."""
    assert "lines of 64 bytes" in said(made(line=3.0))


def test_lines_are_not_claimed_where_they_do_not_show() -> None:
    """If 64 bytes apart takes about as long as 8, a larger size is proposed instead."""
    text = said(made(line=0.7))

    assert "that is little difference" in text
    assert "lines of 64 bytes" not in text


def test_the_prediction_is_marked_on_the_bars() -> None:
    """Predicted 10 times is marked at ten times the second touch."""
    bars = find("page-faults").explanation(made(predicted=10)).plots[0]

    assert isinstance(bars, BarPlot)
    assert [(mark.value, mark.label) for mark in bars.marks] == [(150, "you predicted 10 ×")]


def test_the_loop_is_owned_up_to() -> None:
    """What the loop itself costs is said among the doubts."""
    assert "The loop itself costs 0.6 ns a touch" in find("page-faults").explanation(made()).trust[0]
