"""What the lab on Nagle's algorithm says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot, LinePlot
from climb.labs.result import Predicted, Result, Sample


def made(
    *,
    default: tuple[float, ...] = (44.0,) * 10,
    nodelay: tuple[float, ...] = (0.06,) * 10,
    quick: tuple[float, ...] = (0.05,) * 10,
    first: float = 0.2,
    sixth: float = 44.0,
    writes: int = 2,
    size: int = 200,
    predicted: float | None = None,
) -> Result:
    """A finished run; one write always takes 0.03 ms."""
    flat = {
        "several writes, TCP as it is": default,
        "several writes, TCP_NODELAY": nodelay,
        "several writes, acknowledged at once": quick,
        "one write, TCP as it is": (0.03,) * 10,
    }
    new = [
        Sample(series="new connection, TCP as it is", unit="ms", at=at, values=(first if at == 1 else sixth,) * 3)
        for at in range(1, 7)
    ]
    return Result(
        lab="nagle",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"writes": writes, "size": size},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=(*(Sample(series=name, unit="ms", values=values) for name, values in flat.items()), *new),
        facts={"largest segment (bytes)": 65483},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("nagle").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_a_stall_is_explained() -> None:
    """If most exchanges took tens of milliseconds, it says how many, and that each side waited for the other."""
    text = said(made(default=(44.0,) * 9 + (0.1,)))

    assert "9 of 10 exchanges" in text
    assert "each side waited for the other" in text
    assert "It needs both halves" in text


def test_a_first_exchange_without_a_stall_is_told() -> None:
    """If the first exchange of new connections was quick and the sixth not, a short test would have missed it."""
    assert "A test with one exchange would have missed it" in said(made())


def test_a_first_exchange_with_a_stall_is_no_surprise() -> None:
    """If the first exchange stalled too, nothing is said of short tests."""
    text = said(made(first=41.0))

    assert "would have missed it" not in text
    assert "the first exchange took 41 ms" in text


def test_quickack_that_did_not_help_is_told() -> None:
    """If the server that acknowledges at once stalled as well, the lab does not claim that both halves are needed."""
    text = said(made(quick=(43.0,) * 10))

    assert "It needs both halves" not in text
    assert "`TCP_QUICKACK` did not help" in text


def test_one_write_has_nothing_to_hold_back() -> None:
    """With one write to a request the absence of a stall is explained by that."""
    text = said(made(writes=1, default=(0.03,) * 10, sixth=0.03))

    assert "no delayed acknowledgement" in text
    assert "There was one write to send" in text
    assert "Between the two" not in text


def test_one_write_has_three_bars() -> None:
    """With one write to a request no bar speaks of several, and the one that would be there twice is left out."""
    bars = find("nagle").explanation(made(writes=1, default=(0.03,) * 10, sixth=0.03)).plots[0]

    assert isinstance(bars, BarPlot)
    assert [bar.label for bar in bars.bars] == [
        "one write, TCP as it is",
        "one write, TCP_NODELAY",
        "one write, acknowledged at once",
    ]


def test_full_segments_are_not_held_back() -> None:
    """With writes larger than a segment the absence of a stall is explained by their size, with the size measured."""
    text = said(made(size=70_000, default=(0.1,) * 10, sixth=0.1))

    assert "at most 65,483 bytes" in text


def test_few_stalls_are_counted_and_not_made_the_rule() -> None:
    """If fewer than half of the exchanges stalled, it says how many, and that this is less than half."""
    text = said(made(size=20_000, writes=8, default=(0.1,) * 7 + (44.0,) * 3, sixth=0.1))

    assert "3 exchanges did wait" in text
    assert "each side waited" not in text


def test_no_stall_without_a_reason_is_left_open() -> None:
    """If small writes did not stall, the lab says so and names no cause as certain."""
    text = said(made(default=(0.06,) * 10, sixth=0.06))

    assert "did not appear here" in text
    assert "can't tell which" in text


def test_one_write_is_called_better_only_if_it_was() -> None:
    """The ratio of TCP_NODELAY to one write is a claim only if its interval leaves out 1."""
    clear = said(made(nodelay=(0.06,) * 10))
    unclear = said(made(nodelay=(0.02, 0.03, 0.04, 0.02, 0.04, 0.03, 0.02, 0.04, 0.03, 0.03)))
    reverse = said(made(nodelay=(0.02,) * 10))

    assert "`TCP_NODELAY` took 2 times as long" in clear
    assert "can't tell a difference" in unclear
    assert "which is less" in reverse


def test_the_prediction_is_marked_in_milliseconds() -> None:
    """The bars' axis has the prediction's unit, so its mark is where it was said."""
    bars = find("nagle").explanation(made(predicted=0.5)).plots[0]

    assert isinstance(bars, BarPlot)
    assert [(mark.value, mark.label) for mark in bars.marks] == [(0.5, "you predicted 0.5 ms")]


def test_no_prediction_no_mark() -> None:
    """Without a prediction nothing is marked."""
    assert find("nagle").explanation(made()).plots[0].marks == ()


def test_the_line_follows_the_exchanges() -> None:
    """The second plot has a point for each exchange of a new connection, in order."""
    line = find("nagle").explanation(made()).plots[1]

    assert isinstance(line, LinePlot)
    assert [(point.x, point.y) for point in line.lines[0].points] == [(1, 0.2), *((at, 44.0) for at in range(2, 7))]
