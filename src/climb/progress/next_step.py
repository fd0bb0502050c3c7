"""The next step as one sentence and one thing to do."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from climb.course.model import Course
from climb.judge.project import find, load
from climb.progress.standing import ProjectStanding, Standing, State
from climb.progress.summaries import RunSummary

__all__ = ["NextStep", "next_step"]


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """``label`` is the button's text. ``place`` is where it leads; or ``check`` the submission's folder that it judges.

    ``command`` does the same in a terminal.
    """

    sentence: str
    label: str
    command: str
    place: str | None = None
    check: str | None = None
    more: tuple[str, str] | None = None  # a second, quieter way: its label and where it leads


def next_step(course: Course, standing: Standing, runs: Sequence[RunSummary]) -> NextStep:
    """What to do now, from what was done last: mend what fails, else read, else reflect, else go on to what is open."""
    started = [each for each in standing.projects.values() if each.newest is not None and not each.done]
    if started:
        latest = max(started, key=lambda each: each.newest.started_at if each.newest else "")
        return _go_on(latest)
    if not any(each.newest for each in standing.projects.values()) and not standing.answers:
        first = next((each for each in standing.projects.values() if each.exists), None)
        if first is not None:
            return _begin(course, first)
    return _unread(course, standing) or _unstarted(standing) or _unreflected(course, standing) or _lab(standing, runs)


def _begin(course: Course, first: ProjectStanding) -> NextStep:
    named = (course.concept(name) for name in load(first.slug).stages[0].concepts)
    page = next((concept.slug for concept in named if concept is not None and concept.body), None)
    return NextStep(
        sentence=f"Begin with the {first.name}: you write it in any language, and the judge shows what fails first.",
        label="Start the first project",
        place=f"/projects/{first.slug}",
        command=f"climb start {first.slug} --lang python",
        more=(f"or read first: {course.concepts[page].title}", f"/concepts/{page}") if page else None,
    )


def _go_on(project: ProjectStanding) -> NextStep:
    run = project.newest
    assert run is not None
    failing = run.first_failure
    where = f"stage {run.stages[run.passed].number}, {run.stages[run.passed].title}"
    fails = f", fails at {failing.failure[0]}: {failing.failure[1]}" if failing and failing.failure else ", is next."
    return NextStep(
        sentence=f"Your {project.name} in {_language(run)} holds {run.passed} of {run.total} stages; {where}{fails}",
        label="Check it again",
        check=run.submission,
        command="climb check",
        more=("see the run", f"/runs/{run.run}"),
    )


def _language(run: RunSummary) -> str:
    """The language's name, if it is one of a starter; else the word in climb.toml."""
    known = find(run.project).languages.get(run.language)
    return known.name if known is not None else run.language


def _unread(course: Course, standing: Standing) -> NextStep | None:
    for slug in _current_concepts(course, standing):
        concept = course.concepts[slug]
        if concept.body and not (slug in standing.answers and standing.answers[slug].right):
            return NextStep(
                sentence=f"Read about {concept.title}, and answer its question.",
                label=f"Read: {concept.title}",
                place=f"/concepts/{slug}",
                command=f"climb read {slug}",
            )
    return None


def _unstarted(standing: Standing) -> NextStep | None:
    project = next((each for each in standing.projects.values() if each.exists and each.newest is None), None)
    if project is None:
        return None
    return NextStep(
        sentence=f"Build the {project.name}, in any language.",
        label=f"Start: {project.title}",
        place=f"/projects/{project.slug}",
        command=f"climb start {project.slug} --lang python",
    )


def _unreflected(course: Course, standing: Standing) -> NextStep | None:
    for name, each in standing.modules.items():
        if each.state is State.CURRENT and not each.reflected:
            return NextStep(
                sentence=f"Write down what you learned in module {name}, {course.modules[name].title}.",
                label="Reflect",
                place=f"/journal/new?module={name}",
                command=f"climb reflect {name}",
            )
    return None


def _lab(standing: Standing, runs: Sequence[RunSummary]) -> NextStep:
    new = next((slug for slug, times in standing.labs.items() if not times), None)
    sentence = "All that exists so far is done." if runs else "Everything here is read."
    return NextStep(
        sentence=f"{sentence} A lab measures one idea on this machine.",
        label="Run a lab",
        place=f"/labs/{new}" if new else "/labs",
        command=f"climb lab {new}" if new else "climb lab",
    )


def _current_concepts(course: Course, standing: Standing) -> list[str]:
    """The concepts of the current modules, in the course's order, by the slug of their page."""
    found: list[str] = []
    for track in course.tracks.values():
        for name in track.modules:
            if standing.modules[name].state is State.CURRENT:
                found.extend(course.modules[name].concepts)
    return list(dict.fromkeys(found))
