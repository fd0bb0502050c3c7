"""Clicks in a file: each is there before anything else happens, also when the process is killed, and none is there twice."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from climb.systems.links.clicks.journal import Journal, abandoned
from climb.systems.links.clicks.segment import SLOTS, Counted, Unreadable, read_segment


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty one."""
    return Journal(tmp_path)


def left(folder: Path) -> dict[str, int]:
    """The clicks in the files of processes that are gone."""
    sums: dict[str, int] = {}
    for batch in abandoned(folder, uuid.uuid4()):
        with contextlib.suppress(Unreadable), read_segment(batch.path(folder)) as counted:
            for one in counted or ():
                sums[one.code] = sums.get(one.code, 0) + one.count
    return sums


def test_clicks_are_counted_by_code(journal: Journal) -> None:
    """A slot is used again while its segment and its hour are the same."""
    slot = None
    for _ in range(5):
        slot = journal.count("spring", slot)
    journal.count("summer", None)
    first = journal.sealed()

    assert first is not None
    assert {(one.code, one.count) for one in first[1].counted()} == {("spring", 5), ("summer", 1)}


def test_behind_a_sealed_segment_comes_another(journal: Journal) -> None:
    """What is being moved does not change any more, whatever slot somebody still has."""
    slot = journal.count("spring", None)
    first = journal.sealed()
    journal.count("spring", slot)

    assert first is not None
    assert [one.count for one in first[1].counted()] == [1]

    journal.moved(first[0])
    second = journal.sealed()

    assert second is not None
    assert second[0].number == first[0].number + 1
    assert [one.count for one in second[1].counted()] == [1]


def test_nothing_is_sealed_that_is_empty(journal: Journal) -> None:
    """There is nothing to move."""
    assert journal.sealed() is None


def test_a_full_segment_is_followed_by_another(journal: Journal) -> None:
    """However many links are followed while nothing can be moved."""
    for number in range(SLOTS + 10):
        journal.count(f"code{number}", None)
    counts = []
    while (first := journal.sealed()) is not None:
        counts.append(len(first[1].counted()))
        journal.moved(first[0])

    assert counts == [SLOTS, 10]


def test_what_was_counted_survives_a_kill(tmp_path: Path) -> None:
    """A process that is killed right behind a click has lost none; one that is half made counts for nothing."""
    program = (
        "import os, signal, sys; from pathlib import Path; from climb.systems.links.clicks.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1])); slot = None\n"
        "for _ in range(1000): slot = journal.count('spring', slot)\n"
        "journal._segment.slot('summer', 1)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)

    assert ended.returncode == -signal.SIGKILL
    assert left(tmp_path) == {"spring": 1000}


def test_nobody_reads_what_a_living_process_counts(journal: Journal, tmp_path: Path) -> None:
    """Its file is locked until it ends."""
    journal.count("spring", None)
    before = left(tmp_path)
    journal.close()

    assert before == {}
    assert left(tmp_path) == {"spring": 1}


def test_an_end_leaves_no_empty_files(journal: Journal, tmp_path: Path) -> None:
    """Only what is to be moved is left."""
    journal.close()

    assert list(tmp_path.iterdir()) == []


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """They are somebody's."""
    (tmp_path / "notes.clicks").write_text("mine")
    name = f"{uuid.uuid4().hex}-{1:012}.clicks"
    (tmp_path / name).write_text("no segment")

    assert left(tmp_path) == {}
    assert (tmp_path / name).exists()


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    """And no signal: a segment has its place before anything is counted there."""
    program = (
        "import resource, signal, sys; from pathlib import Path; from climb.systems.links.clicks.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: Journal(Path(sys.argv[1]))\n"
        "except OSError: sys.exit(7)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)

    assert ended.returncode == 7
    assert list(tmp_path.iterdir()) == []


def test_the_hour_is_that_of_the_click(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a full hour a new slot begins, and also when the clock is set back."""
    now = 7200.0
    monkeypatch.setattr("climb.systems.links.clicks.journal.time", lambda: now)
    slot = None
    for moment in (7200.0, 10799.9, 10800.0, 7300.0):
        now = moment
        slot = journal.count("spring", slot)
    first = journal.sealed()

    assert first is not None
    assert sorted((one.hour, one.count) for one in first[1].counted()) == [(2, 3), (3, 1)]


def test_counted_says_all() -> None:
    """The code, the hour since 1970 and how often."""
    assert Counted("spring", 2, 3) == Counted(code="spring", hour=2, count=3)
    assert os.sysconf("SC_PAGE_SIZE") % 64 == 0
