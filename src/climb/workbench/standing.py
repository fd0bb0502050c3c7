"""Where the learner stands, for the pages that show it."""

from __future__ import annotations

from starlette.requests import Request

from climb.course.loader import course
from climb.journal.entries import entries
from climb.progress.history import run_summaries
from climb.progress.standing import Standing, stand
from climb.progress.summaries import RunSummary

__all__ = ["standing_of"]


def standing_of(request: Request) -> tuple[Standing, list[RunSummary]]:
    """The standing, and all runs, the oldest first."""
    home = request.app.state.settings.home
    runs = run_summaries(home)
    reflections = [entry.module for entry in entries(home) if entry.module]
    return stand(home, course(), runs, reflections), runs
