"""Read the course from its files, and say exactly where one is wrong.

content/tracks/<slug>.toml        a Track
content/modules/<id>.md           a Module: TOML between two lines of +++, then the sections Overview and Why it is important
content/concepts/<slug>.md        a Concept: TOML between two lines of +++, then its page
content/pages/<slug>.md           a Page, the same way
content/works.toml                every Work, one table each
content/projects.toml             every PlannedProject, one table each
content/drawings/<name>.svg       drawings, named in pages as ![what it shows](name.svg)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from climb.course.model import (
    ChoiceQuestion,
    Concept,
    Course,
    Module,
    Page,
    PlannedProject,
    Reading,
    Track,
    Work,
)
from climb.errors import CourseError

__all__ = ["content_folder", "course", "load"]

_FENCE = "+++"
_SECTIONS = {"Overview": "overview", "Why it is important": "importance"}
_DRAWING = re.compile(r"!\[[^\]]*\]\((?P<name>[^)]+)\)")

Part = TypeVar("Part", bound=msgspec.Struct)


def content_folder() -> Path:
    """Where the course's files are: in the installed package."""
    return Path(str(resources.files("climb.course"))) / "content"


@cache
def course() -> Course:
    """The course that is installed. Raises CourseError naming file and line if a file is wrong."""
    return load(content_folder())


def load(folder: Path) -> Course:
    """The course in ``folder``. Raises CourseError naming file and line if a file is wrong."""
    loaded = Course(
        tracks={path.stem: _toml(path, Track, slug=path.stem) for path in _files(folder / "tracks", "toml")},
        modules={path.stem: _module(path) for path in _files(folder / "modules", "md")},
        concepts={path.stem: _page(path, Concept) for path in _files(folder / "concepts", "md")},
        works=dict(_tables(folder / "works.toml", Work)),
        projects=dict(_tables(folder / "projects.toml", PlannedProject)),
        pages={path.stem: _page(path, Page) for path in _files(folder / "pages", "md")},
    )
    _check_references(loaded, folder)
    return loaded


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*.{ending}"))


def _toml(path: Path, kind: type[Part], **more: Any) -> Part:
    text = _text(path)
    return _convert(path, text, _parse(path, text, 0), kind, 0, more)


def _tables(path: Path, kind: type[Part]) -> Iterator[tuple[str, Part]]:
    """One part for each table of a file; the table's name is the slug."""
    text = _text(path)
    for slug, table in _parse(path, text, 0).items():
        if not isinstance(table, dict):
            raise CourseError(f"{path}:{_line_of(text, slug)}: {slug} is not a table")
        yield slug, _convert(path, text, table, kind, _line_of(text, f"[{slug}"), {"slug": slug})


def _page(path: Path, kind: type[Part]) -> Part:
    front, body = _split(path)
    data = _parse(path, front, 1)
    return _convert(path, front, data, kind, 1, {"slug": path.stem, "body": body.strip()})


def _module(path: Path) -> Module:
    front, body = _split(path)
    sections = _sections(path, body, front.count("\n") + 2)
    return _convert(path, front, _parse(path, front, 1), Module, 1, {"id": path.stem, **sections})


def _sections(path: Path, body: str, first_line: int) -> dict[str, str]:
    """The Markdown under each of a module's two headings."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(body.split("\n"), first_line):
        if not line.startswith("## "):
            if current is not None:
                current.append(line)
            elif line.strip():
                raise CourseError(f"{path}:{number}: text before the first heading")
            continue
        name = line[3:].strip()
        if name not in _SECTIONS:
            raise CourseError(f"{path}:{number}: no section {name!r} is known; there is: {', '.join(_SECTIONS)}")
        current = found.setdefault(_SECTIONS[name], [])
    for name, field in _SECTIONS.items():
        if not "".join(found.get(field, [])).strip():
            raise CourseError(f"{path}: the section {name!r} is missing or empty")
    return {field: "\n".join(lines).strip() for field, lines in found.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: {error}") from error


def _split(path: Path) -> tuple[str, str]:
    """Front matter and body; the front matter begins on the file's second line."""
    text = _text(path)
    if not text.startswith(_FENCE + "\n"):
        raise CourseError(f"{path}:1: a page begins with a line of {_FENCE}, then its TOML")
    front, fence, body = text[len(_FENCE) + 1 :].partition(f"\n{_FENCE}\n")
    if not fence:
        raise CourseError(f"{path}: the TOML at the top is never closed by a line of {_FENCE}")
    return front, body


def _parse(path: Path, toml: str, lines_before: int) -> dict[str, Any]:
    try:
        return tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) + lines_before if at else toml.count("\n") + 1 + lines_before
        raise CourseError(f"{path}:{line}: {error}") from error


def _convert(
    path: Path, text: str, data: dict[str, Any], kind: type[Part], lines_before: int, more: dict[str, Any]
) -> Part:
    try:
        return msgspec.convert({**data, **more}, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        named = re.search(r"`\$\.?(?P<key>\w+)|field `(?P<field>\w+)`", message)
        key = (named["key"] or named["field"]) if named else ""
        raise CourseError(f"{path}:{_line_of(text, key) + lines_before if key else 1}: {message}") from error


def _line_of(text: str, start: str) -> int:
    """The number of the first line that begins with ``start`` or with its table; 1 if there is none."""
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(rf"\[*{re.escape(start.lstrip('['))}\b", line.lstrip()):
            return number
    return 1


def _check_references(loaded: Course, folder: Path) -> None:
    """Every slug that is named somewhere exists, every drawing is there, and no two concepts answer to one name."""
    for problem in _problems(loaded, folder):
        raise CourseError(problem)


def _problems(loaded: Course, folder: Path) -> Iterator[str]:
    def unknown(path: Path, what: str, names: tuple[str, ...], known: dict[str, Any]) -> Iterator[str]:
        for name in names:
            if name not in known:
                line = next((n for n, text in enumerate(_text(path).split("\n"), 1) if name in text), 1)
                yield f"{path}:{line}: there is no {what} {name!r}"

    def works(readings: tuple[Reading, ...]) -> tuple[str, ...]:
        return tuple(reading.work for reading in readings)

    for slug, track in loaded.tracks.items():
        yield from unknown(folder / "tracks" / f"{slug}.toml", "module", track.modules, loaded.modules)
    for name, module in loaded.modules.items():
        path = folder / "modules" / f"{name}.md"
        yield from unknown(path, "concept", module.concepts, loaded.concepts)
        yield from unknown(path, "work", works(module.readings + module.resources), loaded.works)
        yield from unknown(path, "project", module.projects, loaded.projects)
    names: dict[str, str] = {}
    for slug, concept in loaded.concepts.items():
        path = folder / "concepts" / f"{slug}.md"
        yield from unknown(path, "concept", concept.needs, loaded.concepts)
        yield from unknown(path, "work", works(concept.sources), loaded.works)
        yield from _concept_problems(path, concept)
        for other in (slug, *concept.also):
            if names.setdefault(other, slug) != slug:
                yield f"{path}: {other!r} already leads to {names[other]!r}"
    for kind, parts in (("concepts", loaded.concepts), ("pages", loaded.pages)):
        for slug, part in parts.items():
            yield from _missing_drawings(folder / kind / f"{slug}.md", part.body, folder / "drawings")


def _concept_problems(path: Path, concept: Concept) -> Iterator[str]:
    if concept.body and concept.question is None:
        yield f"{path}: a page ends in a question, and this one has none"
    if isinstance(concept.question, ChoiceQuestion):
        right = sum(choice.right for choice in concept.question.choices)
        if right != 1:
            yield f"{path}: the question has {right} right answers; it needs exactly one"


def _missing_drawings(path: Path, body: str, drawings: Path) -> Iterator[str]:
    for match in _DRAWING.finditer(body):
        if not (drawings / match["name"]).is_file():
            line = next(n for n, text in enumerate(_text(path).split("\n"), 1) if match["name"] in text)
            yield f"{path}:{line}: there is no drawing {match['name']!r} in {drawings}"
