"""What the lab on mmap and read says of made-up numbers."""

from climb.labs.lab import find
from climb.labs.plot import BarPlot
from climb.labs.result import Predicted, Result, Sample

NOISY = (1.8, 1.9, 2.0, 2.1, 2.2)


def made(
    *,
    read: tuple[float, ...] = (2.0,) * 5,
    new: tuple[float, ...] = (1.0,) * 5,
    pread: tuple[float, ...] = (3.0,) * 5,
    kept: tuple[float, ...] = (1.5,) * 5,
    blocks: int = 0,
    piece: int = 16_384,
    predicted: float | None = None,
) -> Result:
    """A finished run over 64 MiB on ext4."""
    series = {
        "read in order": read,
        "readinto in order": (2.0,) * 5,
        "new mmap in order": new,
        "kept mmap in order": (0.5,) * 5,
        "pread at random places": pread,
        "preadv at random places": (3.0,) * 5,
        "new mmap at random places": (2.0,) * 5,
        "kept mmap at random places": kept,
    }
    return Result(
        lab="mmap-or-read",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"size": 64, "piece": piece},
        predicted=None if predicted is None else Predicted(value=predicted),
        samples=tuple(Sample(series=name, unit="µs", values=values) for name, values in series.items()),
        facts={"file system": "ext4", "blocks read from a device": blocks},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("mmap-or-read").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_read_that_is_slower_is_told() -> None:
    """2 µs against 1 µs is twice as long; faults cost less than calls and copies."""
    text = said(made())

    assert "Reading 64 MiB once in order, 16 KiB at a time, read() took 2 times as long as a new mapping." in text
    assert "the faults cost less than calls and copies" in text


def test_read_that_is_faster_is_told() -> None:
    """1 µs against 2 µs is half as long; not copying is not free."""
    text = said(made(read=(1.0,) * 5, new=(2.0,) * 5))

    assert "read() took 0.5 times as long" in text
    assert "not copying is not free" in text


def test_no_winner_is_named_within_the_noise() -> None:
    """If the interval includes 1, both come out alike."""
    text = said(made(read=NOISY, new=NOISY))

    assert "as long as a new mapping, as far as this run can tell" in text
    assert "the two come out alike" in text
    assert "cost less than" not in text
    assert "cost more than" not in text


def test_random_places_are_compared() -> None:
    """3 µs against 1.5 µs is twice as long; what a lasting mapping saves is named."""
    assert "`pread` took 2 times as long. A mapping that stays saves the call" in said(made())


def test_a_slower_mapping_at_random_places_is_told() -> None:
    """If the kept mapping took twice as long, it is the slower way."""
    text = said(made(pread=(1.0,) * 5, kept=(2.0,) * 5))

    assert "here the mapping was the slower way, 2 times as slow" in text
    assert "A mapping that stays saves" not in text


def test_random_places_within_the_noise_are_not_judged() -> None:
    """If the interval includes 1, it can't tell them apart."""
    assert "which this run can't tell apart" in said(made(pread=NOISY, kept=NOISY))


def test_a_cached_file_is_said_to_be_cached() -> None:
    """Without a read from a device, the text and the doubts say where the file was."""
    result = made()

    assert "The whole file was in the page cache." in said(result)
    assert "counted no read from a device" in find("mmap-or-read").explanation(result).trust[0]


def test_a_file_that_left_the_cache_is_not_called_cached() -> None:
    """With reads from a device, the text says so instead, and proposes a smaller file."""
    result = made(blocks=2048)

    assert "The whole file was in the page cache" not in said(result)
    assert "2,048 blocks read from a device" in find("mmap-or-read").explanation(result).trust[0]


def test_the_prediction_is_marked_for_read() -> None:
    """Predicted 4 times is marked at four times the new mapping, on the first plot only."""
    in_order, at_random = find("mmap-or-read").explanation(made(predicted=4)).plots

    assert [(mark.value, mark.label) for mark in in_order.marks] == [(4, "you predicted 4 × for read")]
    assert at_random.marks == ()


def test_each_plot_has_its_own_four_ways() -> None:
    """In order read and readinto, at random pread and preadv, and both mappings each."""
    plots = find("mmap-or-read").explanation(made()).plots

    assert all(isinstance(plot, BarPlot) for plot in plots)
    assert [[bar.label for bar in plot.bars] for plot in plots if isinstance(plot, BarPlot)] == [
        ["read", "readinto", "new mmap", "kept mmap"],
        ["pread", "preadv", "new mmap", "kept mmap"],
    ]


def test_a_piece_is_named_in_its_unit() -> None:
    """1,048,576 bytes are 1 MiB."""
    assert "1 MiB at a time" in said(made(piece=1_048_576))
