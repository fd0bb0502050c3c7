"""Our own systems before the judge: submissions like any other, except that their runs are kept in ``CLIMB_HOME``."""

from __future__ import annotations

import shlex
from pathlib import Path

from climb.judge.project import Project, load
from climb.judge.submission import Submission

__all__ = ["reference_submission"]


def reference_submission(home: Path, slug: str) -> tuple[Submission, Project]:
    """Our system for the project ``slug``. Raises UsageError if there is no such project."""
    project = load(slug)
    folder = home / "reference" / slug
    folder.mkdir(parents=True, exist_ok=True)
    command = shlex.join(project.reference_command)
    submission = Submission(folder=folder, project=slug, language="python, our reference", run=command)
    return submission, project
