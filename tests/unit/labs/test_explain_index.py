"""What the lab on indexes says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample

SIZES = (1_000, 10_000, 100_000)
WITHOUT, WITH = "without an index", "with an index"


def made(
    *,
    without: tuple[float, ...] = (0.2, 2.0, 20.0),
    has: tuple[float, ...] = (0.1, 0.1, 0.2),
    plans: tuple[str, ...] = ("Bitmap Heap Scan",) * 3,
    writes: tuple[float, float] = (1.0, 3.0),
    rows: int = 100_000,
    found: int = 10,
    predicted: float | None = None,
) -> Result:
    """A finished run; each time was measured four times alike."""
    reads = [
        Sample(series=f"query {way}", unit="ms", at=size, values=(took,) * 4)
        for way, times in ((WITHOUT, without), (WITH, has))
        for size, took in zip(SIZES, times, strict=True)
    ]
    inserts = [
        Sample(series=f"insert {way}", unit="µs", values=(took,) * 4)
        for way, took in zip((WITHOUT, WITH), writes, strict=True)
    ]
    logged = [
        Sample(series=f"write-ahead log of a row {way}, in bytes", unit="B", values=(each,) * 4)
        for way, each in ((WITHOUT, 80.0), (WITH, 144.0))
    ]
    facts: dict[str, float | str] = {
        "rows of the largest table": SIZES[-1],
        "table in MiB": 5.75,
        "index in MiB": 0.9,
    }
    for size, plan in zip(SIZES, plans, strict=True):
        facts |= {f"plan {WITHOUT}, {size} rows": "Seq Scan", f"pages of 8 KiB {WITHOUT}, {size} rows": size / 125}
        facts |= {f"plan {WITH}, {size} rows": plan, f"pages of 8 KiB {WITH}, {size} rows": 13}
    return Result(
        lab="index",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"rows": rows, "found": found},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(*reads, *inserts, *logged),
        facts=facts,
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("index").explanation(result)
    return "\n".join((explanation.headline, explanation.text, *explanation.trust))


def test_the_answer_is_of_the_largest_table() -> None:
    """The ratio of the two times in the largest table, and the headline has both."""
    explanation = find("index").explanation(made())

    assert explanation.answer.value == 100
    assert "took 20 ms without an index and 0.2 ms with one: 100 times as long" in explanation.headline


def test_growth_is_told_for_both() -> None:
    """From the smallest table to the largest, and how many pages each plan looked at."""
    text = said(made())

    assert "the time grew by a factor of 100 without the index and of 2 with it" in text
    assert "*Seq Scan*, over 800 pages" in text
    assert "*Bitmap Heap Scan*, over 13 pages" in text


def test_no_difference_is_told_as_none() -> None:
    """If the interval has 1 in it neither the headline nor the text of the smallest table claims a difference."""
    result = made(without=(0.1, 2.0, 0.2), has=(0.1, 0.1, 0.2))

    assert "0.2 ms with one: no difference that this run can tell" in said(result)
    assert "1 times as long without the index (1 to 1): no difference" in said(result)


def test_an_index_that_slows_the_smallest_table_is_told() -> None:
    """A smallest table that is slower with the index is no better without it by mistake."""
    assert "the way over the index was the longer one" in said(made(without=(0.05, 2.0, 20.0)))


def test_an_index_that_was_not_used_is_told_with_the_share() -> None:
    """Where the plan is to read all, the text says of which share of the rows."""
    text = said(made(plans=("Seq Scan", "Bitmap Heap Scan", "Bitmap Heap Scan"), found=1000))

    assert "left the index alone where the table has 1,000 rows: the query wants 100% of them" in text


def test_an_unused_index_in_the_largest_table_is_not_said_to_help() -> None:
    """If even the largest table was read whole with the index there, the text says that it was not used."""
    text = said(made(plans=("Seq Scan",) * 3))

    assert "which it did not use" in text
    assert "to go down the" not in text


def test_the_price_is_a_claim_only_if_it_can_be_told() -> None:
    """A ratio of writes whose interval has 1 in it is said not to be told from nothing."""
    assert "3 times as long (3 to 3). Each row" in said(made())
    assert "which this run can't tell from nothing" in said(made(writes=(1.0, 1.0)))


def test_less_memory_than_asked_for_is_told() -> None:
    """If the largest table is smaller than the knob, the reason is among the remarks."""
    assert "too little free memory for more than 100,000 rows" in said(made(rows=1_000_000))
    assert "too little free memory" not in said(made())


def test_the_prediction_is_marked_where_it_would_be() -> None:
    """A predicted ratio is a time on the plot: so many times what the index needs."""
    reads, writes = find("index").explanation(made(predicted=50)).plots

    assert isinstance(reads, LinePlot)
    assert [mark.value for mark in reads.marks] == [10.0]
    assert isinstance(writes, BarPlot)
    assert [bar.value for bar in writes.bars] == [1.0, 3.0]
