"""What the lab on fsync says of made-up numbers."""

import pytest

from climb.labs.lab import find
from climb.labs.plot import BarPlot, StripPlot
from climb.labs.result import Predicted, Quiet, Result, Sample

NOISY = (180.0, 190.0, 200.0, 210.0, 220.0) * 3


def made(
    *,
    fsync: tuple[float, ...] = (200.0,) * 15,
    fdatasync: tuple[float, ...] = (200.0,) * 15,
    in_place: tuple[float, ...] = (100.0,) * 15,
    group: tuple[float, ...] = (320.0,) * 15,
    kind: str = "ext4",
    others: float = 0.0,
    predicted: float | None = None,
) -> Result:
    """A finished run with groups of 16 records; to write alone takes 2 µs."""
    series = {
        "write only": (2.0,) * 15,
        "write and fsync": fsync,
        "write and fdatasync": fdatasync,
        "overwrite and fdatasync": in_place,
        "write a group and fdatasync once": group,
    }
    return Result(
        lab="fsync",
        id="20300101T000000",
        started_at="2030-01-01T00:00:00+00:00",
        knobs={"record": 512, "group": 16},
        predicted=None if predicted is None else Predicted(value=predicted),
        quiet=Quiet(others=others, stolen=0.0),
        samples=tuple(Sample(series=name, unit="µs", values=values) for name, values in series.items()),
        facts={"file system": kind},
        finished=True,
    )


def said(result: Result) -> str:
    explanation = find("fsync").explanation(result)
    return f"{explanation.headline}\n{explanation.text}"


def test_the_answer_is_fsync_against_write() -> None:
    """200 µs against 2 µs is 100 times as long, and 5,000 records a second."""
    result = made()

    assert find("fsync").explanation(result).answer.value == 100
    assert "took 200 µs, only appending it 2 µs: 100 times as long" in said(result)
    assert "about 5,000 records a second" in said(result)


def test_a_commit_that_is_too_quick_is_doubted() -> None:
    """Below 50 µs the text says that probably nothing reached a disk."""
    assert "probably nothing reached a disk" in said(made(fsync=(20.0,) * 15))
    assert "probably nothing reached a disk" not in said(made())


@pytest.mark.parametrize("kind", ["tmpfs", "ramfs"])
def test_memory_makes_nothing_durable(kind: str) -> None:
    """On a file system in memory nothing is said of devices and groups."""
    text = said(made(kind=kind, fsync=(3.0,) * 15))

    assert f"These files lie in {kind}, which is memory" in text
    assert "group commit" not in text
    assert "probably nothing reached a disk" not in text


def test_an_overlay_is_named_among_the_doubts() -> None:
    """In a container the file system below can't be seen."""
    assert "an overlay, as in a container" in find("fsync").explanation(made(kind="overlay")).trust[0]


def test_a_device_that_may_lie_is_named_among_the_doubts() -> None:
    """What a device keeps through a power cut can't be measured."""
    assert "can't be measured from here" in find("fsync").explanation(made()).trust[0]


def test_fdatasync_that_saves_nothing_is_explained() -> None:
    """If it took as long as fsync, the growing file is the reason given."""
    assert "`fsync` took as long" in said(made())
    assert "`fsync` took as long" in said(made(fsync=NOISY, fdatasync=NOISY))
    assert "`fsync` took as long" in said(made(fsync=(203.0,) * 15))


def test_fdatasync_that_saves_something_is_told() -> None:
    """If fsync took half as long again, that is what it says."""
    assert "`fsync` took 1.5 times as long." in said(made(fsync=(300.0,) * 15))


def test_fdatasync_that_is_slower_is_not_explained_away() -> None:
    """If fsync was quicker, no reason is made up."""
    assert "which its promise does not explain" in said(made(fsync=(100.0,) * 15))


def test_old_space_that_helps_is_told() -> None:
    """200 µs against 100 µs: appending takes twice as long."""
    assert "appending 2 times as long" in said(made())


def test_old_space_that_does_not_help_is_told() -> None:
    """If overwriting was slower, it gains nothing here; within the noise, nothing is claimed."""
    assert "gains nothing on this file system" in said(made(in_place=(300.0,) * 15))
    assert "which this run can't tell from appending" in said(made(fdatasync=NOISY, in_place=NOISY))


def test_a_group_shares_the_price() -> None:
    """320 µs for sixteen are 20 µs each: ten times as many records a second."""
    text = said(made())

    assert "took 320 µs together, 20 µs a record: 10 times as many records a second" in text
    assert "The gain is less than 16" in text


def test_a_group_that_costs_one_commit_is_told() -> None:
    """If the group took as long as one record, the gain is the size of the group."""
    assert "The gain is about the size of the group, 16" in said(made(group=(200.0,) * 15))


def test_a_group_without_a_gain_is_not_praised() -> None:
    """If each record of a group took as long as one alone, there is no gain to tell."""
    text = said(made(group=(3200.0,) * 15))

    assert "no gain that this run can tell" in text
    assert "group commit" not in text


def test_busy_processors_are_held_against_the_numbers() -> None:
    """If others used most of the processors, the wait for one is named."""
    assert "the writer must still get a processor back" in said(made(others=0.9))
    assert "the writer must still get a processor back" not in said(made(others=0.05))


def test_the_prediction_is_marked_on_the_bars() -> None:
    """Predicted 50 times is marked at fifty times what a write alone took."""
    bars, strips = find("fsync").explanation(made(predicted=50)).plots

    assert isinstance(bars, BarPlot)
    assert [(mark.value, mark.label) for mark in bars.marks] == [(100, "you predicted 50 × for fsync")]
    assert isinstance(strips, StripPlot)
    assert strips.marks == ()
