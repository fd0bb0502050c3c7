"""The lab on mmap and read, run for real: every way reads the same places, and nothing stays behind."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

WAYS = {
    "read in order",
    "readinto in order",
    "new mmap in order",
    "kept mmap in order",
    "pread at random places",
    "preadv at random places",
    "new mmap at random places",
    "kept mmap at random places",
}


def run(home: Path, **knobs: str) -> Result:
    lab = find("mmap-or-read")
    begun = running.begin(home, lab, lab.settings(knobs), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, temporary: Path) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        return run(tmp_path_factory.mktemp("home"), size="4", piece="16384")


def test_every_way_is_measured_as_often(result: Result) -> None:
    """Eight ways, the same number of measurements each, all of them positive."""
    assert {sample.series for sample in result.samples} == WAYS
    assert len({len(sample.values) for sample in result.samples}) == 1
    assert all(min(sample.values) > 0 for sample in result.samples)


def test_small_pieces_are_dearer_by_system_call(result: Result) -> None:
    """With pieces of 16 KiB, a call and a copy each take longer than looking into a mapping that is in place."""
    assert median(result.values("read in order")) > median(result.values("kept mmap in order"))


def test_a_kept_mapping_beats_a_new_one(result: Result) -> None:
    """A mapping whose pages are entered takes less time than one that must be made and filled."""
    assert median(result.values("kept mmap in order")) < median(result.values("new mmap in order"))


def test_the_file_is_gone(result: Result, temporary: Path) -> None:
    """Nothing is left in the temporary folder."""
    assert result.finished
    assert list(temporary.iterdir()) == []


def test_the_explanation_answers_with_read_and_a_new_mapping(result: Result) -> None:
    """The answer is the ratio of the medians in order."""
    answer = find("mmap-or-read").explanation(result).answer

    assert answer.value == median(result.values("read in order")) / median(result.values("new mmap in order"))
