"""Whether the parts of a course fit together: each name that one part gives leads to another, and to one only."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from climb.course.model import ChoiceQuestion, Concept, Course, Module, Reading
from climb.course.places import line_naming

__all__ = ["problems"]

_DRAWING = re.compile(r"!\[[^\]]*\]\((?P<name>[^)]+)\)")


def problems(course: Course, folder: Path) -> Iterator[str]:
    """What is wrong between the parts of the course in ``folder``, each with file and line."""
    for slug, track in course.tracks.items():
        yield from _unknown(folder / "tracks" / f"{slug}.toml", "module", track.modules, course.modules)
    for name, module in course.modules.items():
        yield from _module(folder / "modules" / f"{name}.md", module, course)
    for slug, concept in course.concepts.items():
        yield from _concept(folder / "concepts" / f"{slug}.md", concept, course)
        yield from _drawings(folder / "concepts" / f"{slug}.md", concept.body, folder / "drawings")
    for slug, page in course.pages.items():
        yield from _drawings(folder / "pages" / f"{slug}.md", page.body, folder / "drawings")
    yield from _doubled_names(course.concepts.values(), folder / "concepts")


def _module(path: Path, module: Module, course: Course) -> Iterator[str]:
    yield from _unknown(path, "concept", module.concepts, course.concepts)
    yield from _unknown(path, "work", _works(module.readings + module.resources), course.works)
    yield from _unknown(path, "project", module.projects, course.projects)


def _concept(path: Path, concept: Concept, course: Course) -> Iterator[str]:
    yield from _unknown(path, "concept", concept.needs, course.concepts)
    yield from _unknown(path, "work", _works(concept.sources), course.works)
    if concept.body and concept.question is None:
        yield f"{path}:1: a page ends in a question, and this one has none"
    if isinstance(concept.question, ChoiceQuestion):
        right = sum(choice.right for choice in concept.question.choices)
        if right != 1:
            line = _line(path, "[question]")
            yield f"{path}:{line}: the question has {right} right answers; it needs exactly one"


def _works(readings: Iterable[Reading]) -> tuple[str, ...]:
    return tuple(reading.work for reading in readings)


def _unknown(path: Path, what: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{path}:{line_naming(path.read_text(encoding='utf-8'), name)}: there is no {what} {name!r}"


def _drawings(path: Path, body: str, drawings: Path) -> Iterator[str]:
    for match in _DRAWING.finditer(body):
        if not (drawings / match["name"]).is_file():
            line = line_naming(path.read_text(encoding="utf-8"), match["name"])
            yield f"{path}:{line}: there is no drawing {match['name']!r} in {drawings}"


def _doubled_names(concepts: Iterable[Concept], folder: Path) -> Iterator[str]:
    leads_to: dict[str, str] = {}
    for concept in concepts:
        for name in (concept.slug, *concept.also):
            if leads_to.setdefault(name, concept.slug) != concept.slug:
                path = folder / f"{concept.slug}.md"
                line = line_naming(path.read_text(encoding="utf-8"), name)
                yield f"{path}:{line}: {name!r} already leads to {leads_to[name]!r}"


def _line(path: Path, start: str) -> int:
    lines = path.read_text(encoding="utf-8").split("\n")
    return next((number for number, line in enumerate(lines, 1) if line.strip().startswith(start)), 1)
