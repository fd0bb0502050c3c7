"""What the lab on lookup structures says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

NOISY = (0.8, 0.9, 1.0, 1.1, 1.2)
SIZES = (10, 100, 1000, 10_000)
HASHED, HALVED, SCANNED = "hash table", "sorted array, halved", "unsorted array, scanned"
BINARY, WIDE = "binary tree", "wide tree"
TIMES: dict[str, tuple[float, ...]] = {
    HASHED: (5, 6, 7, 10),
    HALVED: (12, 20, 30, 50),
    WIDE: (11, 20, 30, 60),
    BINARY: (15, 25, 40, 200),
    SCANNED: (3, 15, 100),
}


def made(
    times: dict[str, tuple[float, ...]] | None = None, *, noisy: bool = False, predicted: float | None = None
) -> Result:
    """A finished run up to 10,000 keys; each time was measured five times."""
    scatter = NOISY if noisy else (1.0,) * 5
    samples = [
        Sample(series=way, unit="ns", at=size, values=tuple(value * factor for factor in scatter))
        for way, values in (TIMES | (times or {})).items()
        for size, value in zip(SIZES, values, strict=False)
    ]
    return Result(
        lab="lookup-structures",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"largest": 10_000, "width": 15, "full": 50},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(samples),
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("lookup-structures").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_ratio_at_the_largest_size_is_the_answer() -> None:
    """50 ns against 10 ns is five times as long."""
    explanation = find("lookup-structures").explanation(made())

    assert explanation.answer.value == 5
    assert "10 ns in the hash table, 50 ns in the sorted array and 200 ns in the binary tree" in explanation.headline
    assert "The sorted array took 5 times as long as the hash table." in explanation.text


def test_a_quicker_sorted_array_is_told() -> None:
    """5 ns against 10 ns makes the sorted array the quicker one."""
    text = said(made({HALVED: (5, 5, 5, 5)}))

    assert "The sorted array was quicker than the hash table: it took 0.5 times as long." in text


def test_no_winner_is_named_within_the_noise() -> None:
    """If the intervals include 1, neither array, table nor tree is called quicker."""
    alike = dict.fromkeys((HASHED, HALVED, WIDE, BINARY), (10.0,) * 4)
    text = said(made(alike, noisy=True))

    assert "can’t tell the sorted array from the hash table" in text
    assert "can’t be told from the sorted array here" in text
    assert "15 keys in a node did not make it quicker" in text


def test_the_sizes_up_to_which_a_scan_wins_are_named() -> None:
    """3 and 15 ns are less than 12 and 20; only 3 is less than the hash table's 5."""
    text = said(made())

    assert "it was quicker than halving a sorted one up to 100 keys" in text
    assert "It was quicker than the hash table, too, up to 10." in text


def test_a_scan_that_never_wins_is_told() -> None:
    """With 20 ns at ten keys it beats nobody."""
    text = said(made({SCANNED: (20, 50, 500)}))

    assert "which was not quicker than halving a sorted one" in text
    assert "The hash table took 5 ns there." in text
    assert "too, up to" not in text


def test_a_tree_that_waits_for_memory_is_explained() -> None:
    """Four times the time for as many comparisons is put down to where nodes lie; the wide one's gain is told."""
    text = said(made())

    assert "took 4 times as long with 10,000 keys. Its nodes lie where there was room" in text
    assert "3.33 times as quick as the binary one, and 1.2 times the time of the sorted array" in text


def test_a_tree_that_is_hardly_slower_is_not_dramatised() -> None:
    """A fifth more is told without a reason."""
    text = said(made({BINARY: (15, 25, 40, 60)}))

    assert "took 1.2 times as long as the sorted array, for about as many comparisons" in text
    assert "Its nodes lie" not in text


def test_a_quicker_tree_is_told() -> None:
    """Half of the time is quicker."""
    assert "took 0.5 times as long as the sorted array, so it was quicker here" in said(made({BINARY: (9, 9, 9, 25)}))


def test_the_steepest_rise_is_named_with_its_size_in_memory() -> None:
    """From 1,000 keys of 32 bytes to 10,000 the binary tree takes five times as long."""
    assert "Its steepest rise was from 1,000 keys (31 KiB) to 10,000" in said(made())


def test_no_rise_is_named_where_there_is_none() -> None:
    """Times that never double point to no cache."""
    assert "steepest rise" not in said(made({BINARY: (15, 20, 25, 30)}))


def test_memory_follows_from_the_knobs() -> None:
    """Half full is 16 bytes a key; nodes of 15 keys are 256 bytes."""
    assert "8 bytes in the sorted array, 16 in the hash table (50 % full), 17.1 in the wide tree" in said(made())


def test_the_prediction_is_marked_at_the_sorted_array() -> None:
    """Predicted 3 times is marked at three times the hash table's 10 ns, among the bars only."""
    lines, bars = find("lookup-structures").explanation(made(predicted=3)).plots

    assert isinstance(lines, LinePlot)
    assert isinstance(bars, BarPlot)
    assert lines.marks == ()
    assert [(mark.value, mark.label) for mark in bars.marks] == [(30, "you predicted 3 × for the sorted array")]
