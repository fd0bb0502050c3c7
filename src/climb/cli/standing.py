"""Where the learner stands, for the commands that show it: in the course, and in the folder that they are in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from climb.course.loader import course
from climb.errors import SetupError, UsageError
from climb.home import home_folder
from climb.journal.entries import entries
from climb.judge import runs
from climb.judge.project import load as load_project
from climb.judge.submission import load as load_submission
from climb.judge.verdict import Verdict
from climb.progress.history import run_summaries
from climb.progress.next_step import NextStep, next_step
from climb.progress.standing import ProjectStanding, Standing, stand
from climb.progress.summaries import RunSummary

__all__ = ["StandingHere", "standing_here"]


class StandingHere(msgspec.Struct, frozen=True, kw_only=True):
    """The standing in the course, what to do next, and the newest whole run of the submission in this folder, if it is one."""

    standing: Standing
    step: NextStep
    here: Verdict | None

    def project(self, slug: str) -> ProjectStanding:
        """The standing in a project; of one that is not in the course only this folder's is known."""
        known = self.standing.projects.get(slug)
        if known is not None:
            return known
        project = load_project(slug)
        return ProjectStanding(slug=slug, title=project.info.title, exists=True, total=len(project.stages))

    def held_here(self, project: str) -> Verdict | None:
        """The newest whole run here, if it is of this project."""
        return self.here if self.here is not None and self.here.project == project else None


def standing_here() -> StandingHere:
    """Where the learner stands now."""
    home = home_folder()
    summaries = _summaries(home)
    reflections = [entry.module for entry in entries(home) if entry.module]
    standing = stand(home, course(), summaries, reflections)
    return StandingHere(standing=standing, step=next_step(course(), standing, summaries), here=_here())


def _summaries(home: Path) -> Sequence[RunSummary]:
    """All runs. A home that can't be written to has no index; the list is shown without them, and says so."""
    try:
        return run_summaries(home)
    except SetupError as error:
        sys.stderr.write(f"climb: earlier runs can't be read: {error}\n")
        return []


def _here() -> Verdict | None:
    try:
        submission = load_submission(Path.cwd())
    except UsageError:
        return None
    return runs.newest_whole(submission.climb_folder, submission.project)
