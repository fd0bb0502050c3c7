"""The lab on fsync, run for real: waiting takes longer than not waiting, and groups share the wait."""

import asyncio
from pathlib import Path

import pytest

from climb.labs import running
from climb.labs.lab import find
from climb.labs.result import Result
from climb.labs.statistics import median

KINDS = {
    "write only",
    "write and fsync",
    "write and fdatasync",
    "overwrite and fdatasync",
    "write a group and fdatasync once",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def result(home: Path) -> Result:
    lab = find("fsync")
    begun = running.begin(home, lab, lab.settings({"record": "128", "group": "16"}), None)
    result = asyncio.run(running.run(home, lab, begun, lambda _progress: None))
    assert result.failed is None, result.failed
    return result


def test_every_kind_of_commit_is_measured_as_often(result: Result) -> None:
    """Five kinds, the same number of commits each, all of them positive."""
    assert {sample.series for sample in result.samples} == KINDS
    assert len({len(sample.values) for sample in result.samples}) == 1
    assert all(len(sample.values) >= 30 and min(sample.values) > 0 for sample in result.samples)


def test_to_wait_takes_longer_than_not_to(result: Result) -> None:
    """A write followed by fsync takes longer than a write."""
    assert median(result.values("write and fsync")) > median(result.values("write only"))


def test_a_group_is_cheaper_by_the_record(result: Result) -> None:
    """A record of a group takes less than one with an fdatasync of its own."""
    group = median(result.values("write a group and fdatasync once"))

    assert group / 16 < median(result.values("write and fdatasync"))


def test_the_file_system_is_named(result: Result) -> None:
    """The result says which file system the files were on."""
    assert result.facts["file system"] not in ("", "unknown")


def test_the_files_are_gone(home: Path, result: Result) -> None:
    """Beside the result nothing is left in the lab's folder."""
    assert [path.name for path in (home / "labs" / "fsync").iterdir()] == [f"{result.id}.json"]
