"""All runs in short, from an index that may be deleted, broken or of another version."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from climb.errors import SetupError
from climb.judge import runs
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict
from climb.progress.folders import remember
from climb.progress.history import find_summary, run_summaries


class Place:
    """A home, and a submission whose runs are made by hand."""

    def __init__(self, path: Path) -> None:
        self.home = path / "home"
        self.folder = path / "scanner"
        self.folder.mkdir()
        (self.folder / "climb.toml").write_text('project = "scanner"\nrun = "./x"\n', encoding="utf-8")
        remember(self.home, self.folder)

    def run(self, name: str, *statuses: Status) -> Path:
        """A run folder whose stages ended like this."""
        stages = tuple(_stage(number, status) for number, status in enumerate(statuses, 1))
        verdict = Verdict(
            project="scanner",
            submission=str(self.folder),
            language="python",
            seed=name.partition("-")[2],
            judge="0",
            run=name,
            started_at=f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:00:00+00:00",
            build_seconds=None,
            stages=stages,
            passed=next((i for i, stage in enumerate(stages) if stage.status is not Status.PASSED), len(stages)),
            total=len(stages),
        )
        folder = self.folder / ".climb" / "runs" / name
        folder.mkdir(parents=True, exist_ok=True)
        runs.save_verdict(folder, verdict)
        return folder

    @property
    def names(self) -> list[str]:
        return [summary.run for summary in run_summaries(self.home)]


def _stage(number: int, status: Status) -> StageResult:
    check = CheckResult(id=f"check-{number}", number=f"{number}.1", status=status, claim=f"claim {number}")
    return StageResult(id=f"stage-{number}", number=number, title=f"Stage {number}", status=status, checks=(check,))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_runs_come_the_oldest_first(place: Place) -> None:
    """Whatever order their folders have on the disk."""
    place.run("20260102T120000-bbbb", Status.PASSED)
    place.run("20260101T120000-aaaa", Status.FAILED)

    assert place.names == ["20260101T120000-aaaa", "20260102T120000-bbbb"]


def test_a_summary_says_what_failed_first(place: Place) -> None:
    """With the check's number and claim."""
    place.run("20260101T120000-aaaa", Status.PASSED, Status.FAILED, Status.SKIPPED)

    summary = run_summaries(place.home)[0]

    assert summary.first_failure is not None
    assert summary.first_failure.failure == ("2.1", "claim 2")
    assert (summary.passed, summary.total, summary.whole) == (1, 3, True)


def test_the_index_follows_the_folders(place: Place) -> None:
    """A new run appears, a deleted one goes, a rewritten verdict is read again."""
    first = place.run("20260101T120000-aaaa", Status.FAILED)
    assert run_summaries(place.home)[0].passed == 0

    place.run("20260101T120000-aaaa", Status.PASSED)
    os.utime(first / "verdict.json", ns=(1, 1))
    second = place.run("20260102T120000-bbbb", Status.PASSED)
    assert run_summaries(place.home)[0].passed == 1
    assert len(place.names) == 2

    shutil.rmtree(second)
    assert place.names == ["20260101T120000-aaaa"]


@pytest.mark.parametrize("broken", [b"", b"not a database at all" * 100])
def test_a_broken_index_is_made_anew(place: Place, broken: bytes) -> None:
    """It holds nothing that the folders do not."""
    place.run("20260101T120000-aaaa", Status.PASSED)
    run_summaries(place.home)
    (place.home / "index.sqlite").write_bytes(broken)

    assert place.names == ["20260101T120000-aaaa"]


def test_an_index_that_can_not_be_had_is_an_error_of_ours(place: Place) -> None:
    """It says where, and what to do about it."""
    place.run("20260101T120000-aaaa", Status.PASSED)
    (place.home / "index.sqlite").mkdir()

    with pytest.raises(SetupError, match=r"index\.sqlite can't be used") as raised:
        run_summaries(place.home)

    assert str(place.home) in (raised.value.next_step or "")


def test_a_submission_that_may_not_be_looked_at_is_left_out(place: Place) -> None:
    """Its name is too long for the system, which refuses as it does for a folder of another user."""
    place.run("20260101T120000-aaaa", Status.PASSED)
    with (place.home / "folders.txt").open("a", encoding="utf-8") as file:
        file.write(f"/{'x' * 300}\n")

    assert place.names == ["20260101T120000-aaaa"]


def test_a_verdict_that_cannot_be_read_hides_no_other(place: Place) -> None:
    """It is left out."""
    place.run("20260101T120000-aaaa", Status.PASSED)
    bad = place.run("20260102T120000-bbbb", Status.PASSED)
    (bad / "verdict.json").write_bytes(b"{")

    assert place.names == ["20260101T120000-aaaa"]


def test_a_folder_that_is_no_submission_any_more_is_not_looked_at(place: Place) -> None:
    """Its runs may be there; it was moved or given up."""
    place.run("20260101T120000-aaaa", Status.PASSED)
    (place.folder / "climb.toml").unlink()

    assert place.names == []


def test_a_run_is_found_by_its_name(place: Place) -> None:
    """And what is no run is None."""
    place.run("20260101T120000-aaaa", Status.PASSED)

    found = find_summary(place.home, "20260101T120000-aaaa")

    assert found is not None
    assert found.folder == place.folder / ".climb" / "runs" / "20260101T120000-aaaa"
    assert find_summary(place.home, "20260101T120000-ffff") is None


def test_a_folder_is_remembered_once(place: Place) -> None:
    """However often it is judged."""
    remember(place.home, place.folder)
    remember(place.home, place.folder)

    assert (place.home / "folders.txt").read_text().splitlines() == [str(place.folder)]


def test_summaries_are_the_same_from_folders_and_from_the_index(place: Place) -> None:
    """The first look reads the verdicts, the second the index."""
    place.run("20260101T120000-aaaa", Status.PASSED, Status.UNKNOWN)

    first, second = run_summaries(place.home), run_summaries(place.home)

    assert msgspec.to_builtins(first, enc_hook=str) == msgspec.to_builtins(second, enc_hook=str)
