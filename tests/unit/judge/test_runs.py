"""Run folders: found by what people see, kept within bounds, read with suspicion."""

import os
from pathlib import Path

import msgspec
import pytest

from climb.errors import SetupError, UsageError
from climb.judge import runs
from climb.judge.verdict import CheckResult, StageResult, Status, Verdict

STAMP = "20260314T150926"


def verdict(*statuses: Status, project: str = "scanner") -> Verdict:
    stages = tuple(
        StageResult(id=f"s{number}", number=number, title="", status=status)
        for number, status in enumerate(statuses, 1)
    )
    passed = next((n for n, status in enumerate(statuses) if status is not Status.PASSED), len(statuses))
    return Verdict(
        project=project,
        submission="/s",
        language="python",
        seed="41c2",
        judge="0",
        run="r",
        started_at="",
        build_seconds=None,
        stages=stages,
        passed=passed,
        total=len(stages),
    )


def judged(home: Path, seed: str, stamp: str = STAMP, made: Verdict | None = None) -> Path:
    folder = runs.new_run(home, stamp, seed)
    runs.save_verdict(folder, made or verdict(Status.PASSED))
    return folder


def test_a_run_is_found_by_its_seed(tmp_path: Path) -> None:
    """The seed that people see names the run."""
    wanted = judged(tmp_path, "41c2")
    judged(tmp_path, "ffff")

    assert runs.find_run(tmp_path, "41c2") == runs.RunReference(wanted, None)


def test_a_check_is_named_after_the_seed(tmp_path: Path) -> None:
    """41c2-3.2 is check 3.2 of that run."""
    wanted = judged(tmp_path, "41c2")

    assert runs.find_run(tmp_path, "41c2-3.2") == runs.RunReference(wanted, "3.2")


def test_a_run_is_found_by_its_full_name(tmp_path: Path) -> None:
    """The folder's name names that run, though a newer one has the seed too."""
    wanted = judged(tmp_path, "41c2")
    judged(tmp_path, "41c2")

    assert runs.find_run(tmp_path, wanted.name).folder == wanted
    assert runs.find_run(tmp_path, f"{wanted.name}-1.1") == runs.RunReference(wanted, "1.1")


def test_of_several_runs_with_one_seed_the_newest_is_meant(tmp_path: Path) -> None:
    """A seed that was judged twice means the later run, also within one second."""
    judged(tmp_path, "41c2", "20260313T000000")
    judged(tmp_path, "41c2")
    newest = judged(tmp_path, "41c2")

    assert runs.find_run(tmp_path, "41c2").folder == newest
    assert newest.name == f"{STAMP}-41c2.2"


def test_a_seed_is_no_part_of_a_date_or_of_a_longer_seed(tmp_path: Path) -> None:
    """2026 is a seed; it does not match every run of that year."""
    wanted = judged(tmp_path, "2026", "20250101T000000")
    judged(tmp_path, "ffff")
    judged(tmp_path, "2026aa")

    assert runs.find_run(tmp_path, "2026").folder == wanted
    with pytest.raises(UsageError, match="no run '0314'"):
        runs.find_run(tmp_path, "0314")


def test_without_a_name_the_newest_run_is_meant(tmp_path: Path) -> None:
    """Of runs within one second the one that ended last is the newest, whatever its seed."""
    first, last = judged(tmp_path, "ffff"), judged(tmp_path, "0000")
    os.utime(first / "verdict.json", ns=(1, 1))

    assert runs.find_run(tmp_path, None).folder == last


def test_a_run_that_was_cut_short_is_none(tmp_path: Path) -> None:
    """A folder without a verdict is passed over."""
    wanted = judged(tmp_path, "41c2")
    runs.new_run(tmp_path, "20270101T000000", "beef")

    assert runs.latest(tmp_path) == wanted
    with pytest.raises(UsageError, match="no run 'beef'"):
        runs.find_run(tmp_path, "beef")


def test_an_unknown_run_is_answered_with_those_there_are(tmp_path: Path) -> None:
    """The next step names the newest runs."""
    known = judged(tmp_path, "41c2")

    with pytest.raises(UsageError) as refused:
        runs.find_run(tmp_path, "dead")

    assert known.name in (refused.value.next_step or "")


@pytest.mark.parametrize("name", ["../..", "", "xyz", "41c2-", "41c2-3", "*"])
def test_what_can_be_no_run_is_refused(tmp_path: Path, name: str) -> None:
    """A name of another shape is told what runs look like."""
    with pytest.raises(UsageError, match=r"41c2-3\.2"):
        runs.find_run(tmp_path, name)


def test_before_the_first_run_the_next_step_is_to_check(tmp_path: Path) -> None:
    """There is nothing to replay yet."""
    with pytest.raises(UsageError) as refused:
        runs.find_run(tmp_path, None)

    assert refused.value.next_step == "climb check"


def test_old_runs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest runs beyond the bound are removed, the newest stay."""
    monkeypatch.setattr(runs, "_KEEP", 3)
    for day in range(1, 6):
        judged(tmp_path, "41c2", f"2026010{day}T000000")

    left = sorted(path.name for path in (tmp_path / "runs").iterdir())

    assert left == [f"2026010{day}T000000-41c2" for day in (3, 4, 5)]


def test_a_new_run_stays_though_the_clock_went_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that sorts before all others is not removed while its run begins."""
    monkeypatch.setattr(runs, "_KEEP", 2)
    for day in (1, 2):
        judged(tmp_path, "41c2", f"2026010{day}T000000")

    folder = runs.new_run(tmp_path, "19990101T000000", "41c2")

    assert folder.is_dir()


def test_runs_are_no_matter_for_git(tmp_path: Path) -> None:
    """The folder ignores itself."""
    runs.new_run(tmp_path, STAMP, "41c2")

    assert (tmp_path / ".gitignore").read_text() == "*\n"


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is this machine's matter, not a crash."""
    (tmp_path / "taken").write_text("")

    with pytest.raises(SetupError, match="taken"):
        runs.new_run(tmp_path / "taken", STAMP, "41c2")


def test_a_verdict_round_trips(tmp_path: Path) -> None:
    """What is read is what was saved, and no half-written file stays."""
    saved = verdict(Status.PASSED, Status.FAILED)
    folder = judged(tmp_path, "41c2", made=saved)

    assert runs.read_verdict(folder) == saved
    assert [path.name for path in folder.iterdir()] == ["verdict.json"]


@pytest.mark.parametrize("content", [b"", b'{"project": "sca', b"\xff", b'{"schema": 9}'])
def test_a_damaged_verdict_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    """The file is named, and how to get a good one."""
    folder = judged(tmp_path, "41c2")
    (folder / "verdict.json").write_bytes(content)

    with pytest.raises(UsageError, match=r"verdict\.json can't be read") as refused:
        runs.read_verdict(folder)
    assert "climb check" in (refused.value.next_step or "")


def test_progress_is_read_from_the_newest_whole_run(tmp_path: Path) -> None:
    """Damaged verdicts, other projects' and runs of one stage alone are passed over."""
    wanted = verdict(Status.PASSED, Status.FAILED, Status.SKIPPED)
    judged(tmp_path, "0001", "20260101T000000", verdict(Status.FAILED, Status.SKIPPED, Status.SKIPPED))
    judged(tmp_path, "0002", "20260102T000000", wanted)
    judged(tmp_path, "0003", "20260103T000000", verdict(Status.PASSED, Status.SKIPPED, Status.SKIPPED))
    judged(tmp_path, "0004", "20260104T000000", verdict(Status.PASSED, project="other"))
    (judged(tmp_path, "0005", "20260105T000000") / "verdict.json").write_bytes(b"{")

    assert runs.newest_whole(tmp_path, "scanner") == wanted


def test_the_smallest_input_round_trips(tmp_path: Path) -> None:
    """What shrinking found is kept for its check."""
    folder = judged(tmp_path, "41c2")
    result = CheckResult(id="c", number="1.1", status=Status.FAILED, claim="")
    smallest = runs.Smallest(choices=(1, 0), tried=9, result=result)

    runs.save_smallest(folder, "1.1", smallest)

    assert runs.read_smallest(folder, "1.1") == smallest


def test_the_smallest_input_is_found_from_a_later_run_with_its_seed(tmp_path: Path) -> None:
    """A replay is a run of its own, and must not hide what was found before; another seed's is not taken."""
    folder, other, replayed = judged(tmp_path, "41c2"), judged(tmp_path, "beef"), judged(tmp_path, "41c2")
    result = CheckResult(id="c", number="1.1", status=Status.FAILED, claim="")
    smallest = runs.Smallest(choices=(1, 0), tried=9, result=result)

    runs.save_smallest(folder, "1.1", smallest)

    assert runs.read_smallest(replayed, "1.1") == smallest
    with pytest.raises(UsageError):
        runs.read_smallest(other, "1.1")


def test_what_was_not_shrunk_names_the_command(tmp_path: Path) -> None:
    """The next step is the shrink command for this very check."""
    folder = judged(tmp_path, "41c2")

    with pytest.raises(UsageError) as refused:
        runs.read_smallest(folder, "1.1")

    assert refused.value.next_step == f"climb shrink {folder.name}-1.1"


def test_the_document_has_the_keys_that_scripts_read(tmp_path: Path) -> None:
    """verdict.json is the document that --json prints."""
    folder = judged(tmp_path, "41c2")

    document = msgspec.json.decode((folder / "verdict.json").read_bytes())

    assert {"project", "submission", "seed", "judge", "stages", "passed", "total"} <= document.keys()
