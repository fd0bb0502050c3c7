"""Whose run a run folder is: a learner's submission, or our own system."""

from __future__ import annotations

from pathlib import Path

import msgspec

from climb.errors import UsageError
from climb.judge.reference import reference_submission
from climb.judge.submission import MANIFEST, Submission, load

__all__ = ["Subject", "subject_of"]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A submission as the workbench names it; ``reference`` is the project's slug if it is our own system."""

    submission: Submission
    reference: str | None
    present: bool  # whether it can be judged again

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.submission.folder


def subject_of(home: Path, run_folder: Path) -> Subject | None:
    """The subject of a run, by where its folder is; None if its climb.toml is gone or broken."""
    folder = run_folder.parent.parent.parent
    if folder.parent == home / "reference":
        submission, _ = reference_submission(home, folder.name)
        return Subject(submission=submission, reference=folder.name, present=True)
    try:
        return Subject(submission=load(folder), reference=None, present=(folder / MANIFEST).is_file())
    except UsageError:
        return None
