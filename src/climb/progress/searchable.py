"""What of the course, its labs and its projects can be searched. Hints and answers are not: they are opened, not found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from climb.course.model import Concept, Course, Module, PlannedProject, Reading, Work
from climb.course.plain import one_line, plain_text
from climb.journal.entry import Entry
from climb.judge import project as projects
from climb.judge.project import Project
from climb.labs import lab as labs
from climb.labs.lab import Lab
from climb.progress.summaries import RunSummary

__all__ = [
    "Document",
    "Kind",
    "course_documents",
    "entry_document",
    "plain_name",
    "run_document",
    "run_state",
    "tokens",
]

_TOKEN = re.compile(r"[^\W_]+")


class Kind(StrEnum):
    """What was found."""

    CONCEPT = "concept"
    MODULE = "module"
    PAGE = "page"
    READING = "reading"
    PROJECT = "project"
    STAGE = "stage"
    LAB = "lab"
    ENTRY = "entry"
    RUN = "run"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Something to find: ``names`` are what leads straight to it, ``body`` its words as plain text in one line."""

    key: str
    state: str
    kind: Kind
    place: str
    title: str
    names: tuple[str, ...] = ()
    body: str


def tokens(text: str) -> list[str]:
    """The letters and digits of a text, without all that stands between them."""
    return _TOKEN.findall(unicodedata.normalize("NFC", text))


def plain_name(text: str) -> str:
    """The form in which a name and what is typed are compared: ``TCP-handshake`` is ``tcp handshake``."""
    return " ".join(tokens(text)).casefold()


def course_documents(course: Course, state: str) -> Iterator[Document]:
    """Everything that came with the installation, in the given ``state`` of its files."""
    for concept in course.concepts.values():
        yield _concept(concept, state)
    for module in course.modules.values():
        yield _module(module, course, state)
    for page in course.pages.values():
        yield _document(Kind.PAGE, page.slug, f"/pages/{page.slug}", page.title, state, (page.summary, page.body))
    for work in course.works.values():
        place = _cited(work, course)
        if place is not None:
            yield _work(work, place, state)
    for slug, planned in course.projects.items():
        if slug not in projects.slugs():
            yield _planned(planned, state)
    for slug in projects.slugs():
        yield from _project(projects.load(slug), state)
    for slug in labs.slugs():
        yield _lab(labs.find(slug), state)


def entry_document(entry: Entry) -> Document:
    """An entry of the journal."""
    return Document(
        key=entry.id,
        state=entry.revision,
        kind=Kind.ENTRY,
        place=f"/journal/{entry.id}",
        title=one_line(entry.title),
        names=(entry.id,),
        body=plain_text(entry.text),
    )


def run_state(run: RunSummary) -> str:
    """What stands for all that a run is found by."""
    return f"{run.started_at} {run.language} {run.build_failed} {_outcome(run)}"


def run_document(run: RunSummary) -> Document:
    """A run, by the claim that failed first."""
    return Document(
        key=str(run.folder),
        state=run_state(run),
        kind=Kind.RUN,
        place=f"/runs/{run.run}",
        title=one_line(f"Run {run.seed}: {run.project} in {run.language}"),
        names=(run.seed, run.run),
        body="The build failed" if run.build_failed else one_line(_outcome(run)),
    )


def _outcome(run: RunSummary) -> str:
    failing = run.first_failure
    if failing is not None and failing.failure is not None:
        return f"{failing.failure[0]} {failing.failure[1]}"
    return f"{run.passed} of {run.total} stages hold"


def _concept(concept: Concept, state: str) -> Document:
    names = (concept.slug, *concept.also)
    texts = (concept.summary, concept.body)
    return _document(Kind.CONCEPT, concept.slug, f"/concepts/{concept.slug}", concept.title, state, texts, names)


def _module(module: Module, course: Course, state: str) -> Document:
    readings = [" ".join(_reading(each, course)) for each in module.readings + module.resources]
    texts = (module.summary, module.overview, *readings)
    return _document(Kind.MODULE, module.id, f"/modules/{module.id}", module.title, state, texts)


def _reading(reading: Reading, course: Course) -> tuple[str, ...]:
    work = course.works[reading.work]
    return work.title, *work.authors, reading.part, reading.why


def _work(work: Work, place: str, state: str) -> Document:
    texts = (", ".join(work.authors), work.note)
    return _document(Kind.READING, work.slug, place, work.title, state, texts)


def _cited(work: Work, course: Course) -> str | None:
    """The page that sends its readers to a work."""
    modules = {f"/modules/{each.id}": each.readings + each.resources for each in course.modules.values()}
    concepts = {f"/concepts/{each.slug}": each.sources for each in course.concepts.values()}
    citing = modules | concepts
    return next((place for place, found in citing.items() if any(each.work == work.slug for each in found)), None)


def _project(project: Project, state: str) -> Iterator[Document]:
    info = project.info
    place = f"/projects/{info.slug}"
    yield _document(Kind.PROJECT, info.slug, place, info.title, state, (info.summary, project.brief))
    for number, stage in enumerate(project.stages, 1):
        title = f"{info.slug}, stage {number}: {stage.title}"
        claims = tuple(check.claim for check in stage.checks)
        key = f"{info.slug}/{stage.id}"
        yield _document(Kind.STAGE, key, place, title, state, claims, (stage.title, stage.id))


def _planned(planned: PlannedProject, state: str) -> Document:
    return _document(Kind.PROJECT, planned.slug, f"/projects/{planned.slug}", planned.title, state, (planned.summary,))


def _lab(lab: Lab, state: str) -> Document:
    return _document(Kind.LAB, lab.slug, f"/labs/{lab.slug}", lab.title, state, (lab.question, lab.about))


def _document(
    kind: Kind, name: str, place: str, title: str, state: str, texts: Iterable[str], names: tuple[str, ...] = ()
) -> Document:
    return Document(
        key=f"{kind}/{name}",
        state=state,
        kind=kind,
        place=place,
        title=title,
        names=names or (name,),
        body=" ".join(filter(None, map(plain_text, texts))),
    )
