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

from climb.course.model import Concept, Course, Module, Page, PlannedProject, Track, Work
from climb.course.places import line_of_problem
from climb.course.references import problems
from climb.errors import CourseError

__all__ = ["content_folder", "course", "load"]

_FENCE = "+++"
_SECTIONS = {"Overview": "overview", "Why it is important": "importance"}

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
        tracks={path.stem: _track(path) for path in _files(folder / "tracks", "toml")},
        modules={path.stem: _module(path) for path in _files(folder / "modules", "md")},
        concepts={path.stem: _page(path, Concept) for path in _files(folder / "concepts", "md")},
        works=dict(_tables(folder / "works.toml", Work)),
        projects=dict(_tables(folder / "projects.toml", PlannedProject)),
        pages={path.stem: _page(path, Page) for path in _files(folder / "pages", "md")},
    )
    for problem in problems(loaded, folder):
        raise CourseError(problem)
    return loaded


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*.{ending}"))


def _track(path: Path) -> Track:
    text = _text(path)
    return _convert(path, text, 0, {**_parse(path, text, 0), "slug": path.stem}, Track)


def _tables(path: Path, kind: type[Part]) -> Iterator[tuple[str, Part]]:
    """One part for each table of a file; the table's name is the slug."""
    text = _text(path)
    for slug, table in _parse(path, text, 0).items():
        start = _start_of(text, slug)
        if not isinstance(table, dict):
            raise CourseError(f"{path}:{start + 1}: {slug} is not a table")
        rest = "\n".join(text.split("\n")[start:])
        yield slug, _convert(path, rest, start, {**table, "slug": slug}, kind)


def _page(path: Path, kind: type[Part]) -> Part:
    front, body = _split(path)
    return _convert(path, front, 1, {**_parse(path, front, 1), "slug": path.stem, "body": body.strip()}, kind)


def _module(path: Path) -> Module:
    front, body = _split(path)
    sections = _sections(path, body, front.count("\n") + 4)
    return _convert(path, front, 1, {**_parse(path, front, 1), "id": path.stem, **sections}, Module)


def _sections(path: Path, body: str, first_line: int) -> dict[str, str]:
    """The Markdown under each of a module's two headings."""
    found: dict[str, list[str]] = {}
    started = dict.fromkeys(_SECTIONS, first_line)
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
        started[name] = number
        current = found.setdefault(name, [])
    for name, line_number in started.items():
        if not "".join(found.get(name, [])).strip():
            raise CourseError(f"{path}:{line_number}: the section {name!r} is missing or empty")
    return {_SECTIONS[name]: "\n".join(lines).strip() for name, lines in found.items()}


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
        raise CourseError(f"{path}:1: the TOML that begins here is never closed by a line of {_FENCE}")
    return front, body


def _parse(path: Path, toml: str, lines_before: int) -> dict[str, Any]:
    try:
        return tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) + lines_before if at else toml.count("\n") + 1 + lines_before
        what = re.sub(r" \(at [^)]*\)$", "", str(error))
        raise CourseError(f"{path}:{line}: {what}") from error


def _convert(path: Path, toml: str, lines_before: int, data: dict[str, Any], kind: type[Part]) -> Part:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        line = line_of_problem(toml, str(error)) + lines_before
        raise CourseError(f"{path}:{line}: {error}") from error


def _start_of(text: str, slug: str) -> int:
    """How many lines stand before the table or key ``slug``."""
    start = re.compile(rf"\s*(?:\[\s*\"?{re.escape(slug)}\"?\s*\]|\"?{re.escape(slug)}\"?\s*=)")
    return next((number for number, line in enumerate(text.split("\n")) if start.match(line)), 0)
