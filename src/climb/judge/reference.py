"""Our own systems before the judge: submissions like any other, except that their runs are kept in ``CLIMB_HOME``."""

from __future__ import annotations

import shlex
from pathlib import Path

from climb.errors import SetupError
from climb.judge.project import Project, load
from climb.judge.submission import Submission

__all__ = ["reference_submission"]


def reference_submission(home: Path, slug: str) -> tuple[Submission, Project]:
    """Our system for the project ``slug``. Raises UsageError if there is no such project, SetupError if its folder can't be made."""
    project = load(slug)
    folder = home / "reference" / slug
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            f"the runs of our own system can't be kept: {error}", next_step="set CLIMB_HOME to a folder of yours"
        ) from error
    return Submission(
        folder=folder,
        project=slug,
        language="python, our reference",
        run=shlex.join(project.reference_command),
        build=shlex.join(project.reference_build) or None,
        always_builds=True,  # what it depends on is not in that folder
    ), project
