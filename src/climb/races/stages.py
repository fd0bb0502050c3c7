"""Which stages hold, as far as the runs of a submission say: only runs that are newer than the last change of the program count."""

from __future__ import annotations

import contextlib
from pathlib import Path

from climb.errors import UsageError
from climb.judge import runs
from climb.judge.build import sources
from climb.judge.submission import Submission
from climb.judge.verdict import Status

__all__ = ["Known", "known_stages"]

Known = dict[str, Status]


def known_stages(submission: Submission, project: str) -> Known:
    """How each stage ended that was judged since the program changed; the newest run counts.

    A stage that a whole run did not come to, since an earlier one failed, is there as skipped. One that nobody knows of is not there.
    """
    changed_ns = _changed_ns(submission)
    known: Known = {}
    for folder in reversed(runs.judged(submission.climb_folder)):
        if (folder / "verdict.json").stat().st_mtime_ns < changed_ns:
            break
        try:
            verdict = runs.read_verdict(folder)
        except UsageError:
            continue
        if verdict.project == project and verdict.build is None:
            for stage in verdict.stages:
                if stage.status is not Status.SKIPPED or verdict.whole:
                    known.setdefault(stage.id, stage.status)
    return known


def _changed_ns(submission: Submission) -> int:
    newest = 0
    for name in sources(submission):
        with contextlib.suppress(OSError):
            newest = max(newest, Path(submission.folder, name).stat().st_mtime_ns)
    return newest
