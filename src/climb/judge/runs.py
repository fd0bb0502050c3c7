"""Run folders: everything that a run leaves, one folder a run, under ``.climb/runs`` of the submission.

    .climb/runs/20260314T150926-41c2/
        verdict.json            the verdict document
        events.jsonl            what happened, as it happened (see event_log.py)
        calls/3.2-1.stdout …    what each call of a check that did not pass was given and answered, whole
        services/3.2-1.stderr … what each life of a service was told and wrote, in a check that did not pass
        smallest/3.2.json       what ``climb shrink`` found

A run is named in full, or by its seed, which is what people see: ``41c2`` is the newest run with that seed, ``41c2-3.2`` its
check 3.2.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from climb.errors import SetupError, UsageError
from climb.judge.drivers.traces import Trace
from climb.judge.verdict import CheckResult, Verdict

__all__ = [
    "RunReference",
    "Smallest",
    "find_run",
    "judged",
    "latest",
    "new_run",
    "newest_whole",
    "read_smallest",
    "read_verdict",
    "save_smallest",
    "save_traces",
    "save_verdict",
]

_KEEP = 200
_STAMP = len("20260314T150926")
_REFERENCE = re.compile(r"(?P<run>(?:\d{8}T\d{6}-)?[0-9a-f]{4,8}(?:\.\d+)?)(?:-(?P<check>\d+\.\d+))?")


class RunReference(msgspec.Struct, frozen=True):
    """A run's folder and, if one was named, the number of one of its checks."""

    folder: Path
    check: str | None


class Smallest(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest failing input that shrinking found: the draws, and the check's result with them."""

    choices: tuple[int, ...]
    tried: int
    result: CheckResult


def new_run(climb_folder: Path, stamp: str, seed: str) -> Path:
    """A new folder for a run; old ones beyond the newest 200 go.

    Raises SetupError if it can't be made.
    """
    runs = climb_folder / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        _ignore_by_git(climb_folder)
    except OSError as error:
        raise SetupError(
            f"the run can't be kept in {runs}: {error}", next_step=f"make {runs} a folder that you can write to"
        ) from error
    for suffix in ("", *(f".{number}" for number in range(2, 1000))):
        folder = runs / f"{stamp}-{seed}{suffix}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        _prune(runs, keep=folder)
        return folder
    raise UsageError(f"{runs} holds a thousand runs of this second")


def save_verdict(folder: Path, verdict: Verdict) -> None:
    """Write ``verdict.json``; a reader sees the old one or the new one, never half of it."""
    data = msgspec.json.format(msgspec.json.encode(verdict), indent=2)
    temporary = folder / "verdict.json.new"
    temporary.write_bytes(data)
    temporary.replace(folder / "verdict.json")


def read_verdict(folder: Path) -> Verdict:
    """The verdict of a run.

    Raises UsageError if the run was cut short or was written by a version whose verdicts look different.
    """
    path = folder / "verdict.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Verdict)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}", next_step="climb check   (makes a new run)") from error


def save_traces(folder: Path, check_number: str, traces: Sequence[Trace]) -> None:
    """Keep what a check left: what its calls or its services were given and wrote."""
    for trace in traces:
        target = folder / trace.folder
        target.mkdir(exist_ok=True)
        (target / f"{check_number}-{trace.name}").write_bytes(trace.data)


def latest(climb_folder: Path) -> Path | None:
    """The newest run that has a verdict."""
    folders = judged(climb_folder)
    return folders[-1] if folders else None


def judged(climb_folder: Path) -> list[Path]:
    """The runs that have a verdict, the newest last; those of one second are told apart by when they ended."""
    found = (
        (path.parent.name[:_STAMP], path.stat().st_mtime_ns, path.parent)
        for path in (climb_folder / "runs").glob("*/verdict.json")
    )
    return [folder for _, _, folder in sorted(found)]


def newest_whole(climb_folder: Path, project: str) -> Verdict | None:
    """The newest verdict on a program's way up: not of one stage or check alone, and not of a build that failed."""
    for folder in reversed(judged(climb_folder)):
        try:
            verdict = read_verdict(folder)
        except UsageError:
            continue  # cut short, or of another version: it says nothing, and must not stop the learner
        if verdict.project == project and verdict.whole:
            return verdict
    return None


def find_run(climb_folder: Path, name: str | None) -> RunReference:
    """The run that ``name`` means; without a name the newest.

    Raises UsageError that lists the runs there are.
    """
    if name is None:
        folder = latest(climb_folder)
        if folder is None:
            raise UsageError(f"there is no run yet in {climb_folder / 'runs'}", next_step="climb check")
        return RunReference(folder, None)
    match = _REFERENCE.fullmatch(name)
    if match is None:
        raise UsageError(
            f"{name!r} is not a run; runs look like 41c2 or 41c2-3.2", next_step="climb check   (prints one)"
        )
    # A seed without its number (41c2 for 41c2.2) is the newest with that seed.
    meant = re.compile(rf"(\d{{8}}T\d{{6}}-)?{re.escape(match['run'])}(\.\d+)?")
    folders = [folder for folder in judged(climb_folder) if meant.fullmatch(folder.name)]
    exact = [folder for folder in folders if folder.name == match["run"]]
    if not folders:
        raise UsageError(f"there is no run {match['run']!r} in {climb_folder / 'runs'}", next_step=_known(climb_folder))
    return RunReference((exact or folders)[-1], match["check"])


def _known(climb_folder: Path) -> str:
    names = [folder.name for folder in judged(climb_folder)][-5:]
    return "the newest runs here: " + ", ".join(names) if names else "climb check   (makes a run)"


def _prune(runs: Path, *, keep: Path) -> None:
    others = sorted(path for path in runs.iterdir() if path.is_dir() and path != keep)
    for folder in others[: -(_KEEP - 1)]:
        shutil.rmtree(folder, ignore_errors=True)


def _ignore_by_git(climb_folder: Path) -> None:
    ignore = climb_folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def save_smallest(folder: Path, check_number: str, smallest: Smallest) -> None:
    """Keep what shrinking found for a check."""
    path = folder / "smallest" / f"{check_number}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(smallest)))


def read_smallest(folder: Path, check_number: str) -> Smallest:
    """What shrinking found for a check, in this run or in another one with its seed: a replay makes a run of its own.

    Raises UsageError if it was not shrunk yet.
    """
    same_inputs = [other for other in reversed(judged(folder.parent.parent)) if _seed(other) == _seed(folder)]
    for run in (folder, *same_inputs):
        try:
            return msgspec.json.decode((run / "smallest" / f"{check_number}.json").read_bytes(), type=Smallest)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError):
            continue  # not shrunk, or of another version
    raise UsageError(
        f"nothing smaller is known for check {check_number}", next_step=f"climb shrink {folder.name}-{check_number}"
    )


def _seed(run: Path) -> str:
    return run.name.partition("-")[2].partition(".")[0]
