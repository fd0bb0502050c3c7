"""What can be read in the terminal, found by what a reader calls it: concepts, modules, pages, tracks, projects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from climb.course.loader import course
from climb.course.model import ChoiceQuestion, Concept, Module, Question, Reading
from climb.judge import project as projects
from climb.progress.answers import Answer, answers
from climb.progress.concept_labs import labs_about

__all__ = ["AskedDocument", "PageDocument", "Readable", "document", "find_readable", "readable_names"]

_NO_PAGE = "This page is not written yet; it comes with the project that needs it. The sources say more."


class Readable(msgspec.Struct, frozen=True, kw_only=True):
    """Something to read: ``text`` is Markdown, and so is ``more``, what leads on. ``concept`` is the one whose page it is."""

    kind: str
    name: str
    title: str
    summary: str
    text: str
    more: str = ""
    concept: Concept | None = None


class AskedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it is asked: what is right is told to those who answer."""

    ask: str
    choices: tuple[str, ...] = ()
    unit: str = ""


class PageDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What ``climb read NAME --json`` prints; ``text`` is Markdown, ``answer`` the one that counts, if any was given."""

    kind: str
    name: str
    title: str
    summary: str
    text: str
    also: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    sources: tuple[Reading, ...] = ()
    question: AskedDocument | None = None
    answer: Answer | None = None


def document(home: Path, found: Readable) -> PageDocument:
    """What was found, for a script."""
    text = _paragraphs(found.text, found.more)
    page = PageDocument(kind=found.kind, name=found.name, title=found.title, summary=found.summary, text=text)
    concept = found.concept
    if concept is None:
        return page
    return msgspec.structs.replace(
        page,
        text=concept.body,
        also=concept.also,
        needs=concept.needs,
        sources=concept.sources,
        question=_asked(concept.question) if concept.question else None,
        answer=answers(home).get(concept.slug),
    )


def find_readable(name: str) -> Readable | None:
    """What is called so: a concept by its slug, a module by its id, the rest by their slugs; else a concept by another name of it."""
    name = "-".join(name.split()).casefold()
    found = course().concept(name)
    kinds: dict[str, Collection[str]] = {
        "module": course().modules,
        "page": course().pages,
        "track": course().tracks,
        "project": _projects(),
    }
    kind = next((kind for kind, known in kinds.items() if name in known), None)
    if found is not None and (kind is None or found.slug == name):
        return _concept(found)
    return _OF_KIND[kind](name) if kind else None


def readable_names() -> dict[str, str]:
    """Every name that leads to something to read, and its title."""
    parts = course()
    known = {name: each.title for each in parts.concepts.values() for name in (each.slug, *each.also)}
    for others in (parts.modules, parts.pages, parts.tracks):
        known |= {name: each.title for name, each in others.items()}
    return known | {slug: title for slug, (title, _) in _projects().items()}


def _asked(question: Question) -> AskedDocument:
    if isinstance(question, ChoiceQuestion):
        return AskedDocument(ask=question.ask, choices=tuple(each.text for each in question.choices))
    return AskedDocument(ask=question.ask, unit=question.unit)


def _concept(concept: Concept) -> Readable:
    needed = ", ".join(f"[{course().concepts[slug].title}](concept:{slug})" for slug in concept.needs)
    before = [f"Read before: {needed}"] if needed else []
    measured = [f"- [{lab.title}](lab:{lab.slug}): {lab.question}" for lab in labs_about(course(), [concept])]
    return Readable(
        kind="concept",
        name=concept.slug,
        title=concept.title,
        summary=concept.summary,
        text=_paragraphs(*before, concept.body or _NO_PAGE),
        more=_paragraphs(
            _section("Measure it", measured),
            _section("Sources", map(_reading, concept.sources)),
        ),
        concept=concept,
    )


def _module(name: str) -> Readable:
    module = course().modules[name]
    about = labs_about(course(), [course().concepts[slug] for slug in module.concepts])
    reflections = [f"- {each.ask}" for each in module.reflections]
    return Readable(
        kind="module",
        name=name,
        title=f"{name}  {module.title}",
        summary=module.summary,
        text=module.overview,
        more=_paragraphs(
            _section("Key concepts", _concepts(module)),
            _section("Projects", [_project_line(slug) for slug in module.projects]),
            _section("Labs", [f"- [{lab.title}](lab:{lab.slug}): {lab.question}" for lab in about]),
            f"## Why it is important\n\n{module.importance}",
            _section("Readings", map(_reading, module.readings)),
            _section("Resources", map(_reading, module.resources)),
            _section("Reflect", reflections),
            f"To write about one of them: `climb reflect {name}`" if reflections else "",
        ),
    )


def _page(name: str) -> Readable:
    page = course().pages[name]
    return Readable(kind="page", name=name, title=page.title, summary=page.summary, text=page.body)


def _track(name: str) -> Readable:
    track = course().tracks[name]
    modules = [course().modules[each] for each in track.modules]
    lines = [f"- **{each.id}** [{each.title}](module:{each.id}): {each.summary}" for each in modules]
    return Readable(kind="track", name=name, title=track.title, summary=track.summary, text="\n".join(lines))


def _project(name: str) -> Readable:
    title, summary = _projects()[name]
    text = "This project is not built yet; the judge does not know it."
    if name in projects.slugs():
        text = projects.load(name).brief
        text += f"\n\nTo begin: `climb start {name} --lang LANGUAGE`"
    return Readable(kind="project", name=name, title=title, summary=summary, text=text.strip())


def _projects() -> dict[str, tuple[str, str]]:
    """Title and summary of each project: those of the course, and those that only the judge knows."""
    planned = {slug: (each.title, each.summary) for slug, each in course().projects.items()}
    judged = {slug: projects.find(slug) for slug in projects.slugs()}
    return planned | {slug: (each.title, each.summary) for slug, each in judged.items()}


_OF_KIND = {"module": _module, "page": _page, "track": _track, "project": _project}


def _concepts(module: Module) -> Iterator[str]:
    for topic in module.topics:
        lines = [_concept_line(course().concepts[slug]) for slug in topic.concepts]
        yield f"### {topic.title}\n\n" + "\n".join(lines) + "\n"


def _concept_line(concept: Concept) -> str:
    return f"- [{concept.title}](concept:{concept.slug})" + ("" if concept.body else ", no page yet")


def _project_line(slug: str) -> str:
    planned = course().projects[slug]
    to_come = "" if slug in projects.slugs() else " To come."
    return f"- [{planned.title}](project:{slug}): {planned.summary}{to_come}"


def _reading(reading: Reading) -> str:
    work = course().works[reading.work]
    authors = f", {', '.join(work.authors)}" if work.authors else ""
    year = f" ({work.year})" if work.year else ""
    part = f": {reading.part}" if reading.part else ""
    address = f" <{work.url}>" if work.url else ""
    return f"- {work.title}{authors}{year}{part} – {reading.why or work.note}{address}"


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"## {title}\n\n{body}" if body else ""


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
