"""Where the learner stands in the course, derived anew each time from what the runs, answers, labs and entries left.

A module is done when its projects hold every stage, its pages' questions are answered, and an entry reflects on it. What does not
exist yet is not asked for; a module of which nothing exists yet is to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from climb.course.model import Course, Module
from climb.judge import project as projects
from climb.labs import lab as labs, store
from climb.progress.answers import Answer, answers
from climb.progress.summaries import RunSummary

__all__ = ["ModuleStanding", "ProjectStanding", "Standing", "State", "stand"]


class State(StrEnum):
    """How a module stands."""

    DONE = "done"
    CURRENT = "current"
    OPEN = "open"
    TO_COME = "to come"


class ProjectStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's furthest submission to a project; ``newest`` is its newest run that tells how far it is."""

    slug: str
    title: str
    exists: bool
    passed: int = 0
    total: int = 0
    newest: RunSummary | None = None

    @property
    def name(self) -> str:
        """The title as it stands inside a sentence: "mini OS scheduler emulator", but "HTTP microservice"."""
        first, _, rest = self.title.partition(" ")
        return self.title if first.isupper() else f"{first.lower()} {rest}".rstrip()

    @property
    def done(self) -> bool:
        """Whether every stage holds."""
        return self.exists and self.newest is not None and self.passed == self.total


class ModuleStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A module, and what of it was done."""

    module: Module
    state: State
    pages: int
    answered: int
    projects: tuple[ProjectStanding, ...]
    reflected: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at once, by slug or id."""

    modules: dict[str, ModuleStanding]
    projects: dict[str, ProjectStanding]
    answers: dict[str, Answer]
    labs: dict[str, int]  # how often each was run to its end


def stand(home: Path, course: Course, runs: Sequence[RunSummary], reflections: Sequence[str]) -> Standing:
    """Where the learner stands; ``runs`` the oldest first, ``reflections`` the module of each journal entry that has one."""
    given = answers(home)
    standings = {slug: _project(home, course, slug, runs) for slug in course.projects}
    modules = {
        name: _module(course, module, given, standings, reflections.count(name))
        for name, module in course.modules.items()
    }
    return Standing(
        modules=_with_current(course, modules),
        projects=standings,
        answers=given,
        labs={slug: store.count(home, slug) for slug in labs.slugs()},
    )


def _project(home: Path, course: Course, slug: str, runs: Sequence[RunSummary]) -> ProjectStanding:
    planned = course.projects[slug]
    if slug not in projects.slugs():
        return ProjectStanding(slug=slug, title=planned.title, exists=False)
    ours = str(home / "reference")
    newest: dict[str, RunSummary] = {}
    for run in runs:
        if run.project == slug and run.whole and not run.submission.startswith(ours):
            newest[run.submission] = run
    best = max(newest.values(), key=lambda run: (run.passed, run.started_at), default=None)
    total = best.total if best else len(projects.load(slug).stages)
    passed = best.passed if best else 0
    return ProjectStanding(
        slug=slug, title=projects.find(slug).title, exists=True, passed=passed, total=total, newest=best
    )


def _module(
    course: Course,
    module: Module,
    given: dict[str, Answer],
    standings: dict[str, ProjectStanding],
    reflected: int,
) -> ModuleStanding:
    pages = [slug for slug in module.concepts if (found := course.concept(slug)) is not None and found.body]
    answered = sum(slug in given and given[slug].right for slug in pages)
    mine = tuple(standings[slug] for slug in module.projects)
    existing = [each for each in mine if each.exists]
    if not pages and not existing:
        state = State.TO_COME
    elif answered == len(pages) and all(each.done for each in existing) and reflected:
        state = State.DONE
    else:
        state = State.OPEN
    return ModuleStanding(
        module=module, state=state, pages=len(pages), answered=answered, projects=mine, reflected=reflected
    )


def _with_current(course: Course, modules: dict[str, ModuleStanding]) -> dict[str, ModuleStanding]:
    """In each track the first open module is the current one."""
    marked = dict(modules)
    for track in course.tracks.values():
        first = next((name for name in track.modules if marked[name].state is State.OPEN), None)
        if first is not None:
            marked[first] = msgspec.structs.replace(marked[first], state=State.CURRENT)
    return marked
