"""Workloads of the learner's own: kept under a name, and not without end."""

import os
from pathlib import Path

import pytest

from climb.errors import UsageError
from climb.workbench.schedules import stored


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two."""
    monkeypatch.setattr(stored, "_MOST", 2)


def kept_at(home: Path, second: int, document: bytes) -> str:
    """Keep it, as if that had been so many seconds after 1970."""
    name = stored.keep(home, document)
    os.utime(home / "workloads" / f"{name}.json", (second, second))
    return name


def test_the_oldest_is_forgotten(tmp_path: Path, few: None) -> None:
    """So that the folder does not grow for ever."""
    first, second, third = (kept_at(tmp_path, at, str(at).encode()) for at in (1, 2, 3))

    assert (stored.read(tmp_path, second), stored.read(tmp_path, third)) == (b"2", b"3")
    with pytest.raises(UsageError, match=f"no workload {first}"):
        stored.read(tmp_path, first)


def test_what_is_shown_again_is_the_newest_again(tmp_path: Path, few: None) -> None:
    """Whoever works on one keeps it."""
    first, second = kept_at(tmp_path, 1, b"1"), kept_at(tmp_path, 2, b"2")
    kept_at(tmp_path, 3, b"1")
    kept_at(tmp_path, 4, b"4")

    assert stored.read(tmp_path, first) == b"1"
    with pytest.raises(UsageError, match=f"no workload {second}"):
        stored.read(tmp_path, second)


def test_nothing_but_workloads_is_removed(tmp_path: Path, few: None) -> None:
    """A file that somebody put there stays."""
    (tmp_path / "workloads").mkdir()
    other = tmp_path / "workloads" / "mine.json"
    other.write_bytes(b"0")
    os.utime(other, (0, 0))
    for at in (1, 2, 3):
        kept_at(tmp_path, at, str(at).encode())

    assert other.exists()
