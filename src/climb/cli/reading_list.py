"""What there is to read, by track and module, and what of it was read: its question has a right answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.console import RenderableType
from rich.text import Text

from climb.cli.console import symbols
from climb.cli.prose import rendered
from climb.cli.side_by_side import SideBySide
from climb.course.loader import course
from climb.course.model import Module
from climb.judge import project as projects
from climb.progress.answers import answers

__all__ = ["ListedConcept", "ListedModule", "ListedTrack", "reading_list", "reading_list_text"]


_INDENT = 7


class ListedConcept(msgspec.Struct, frozen=True):
    """A concept; ``page`` says whether it has one, ``read`` whether its question was answered."""

    name: str
    title: str
    page: bool
    read: bool


class ListedModule(msgspec.Struct, frozen=True):
    """A module and its concepts, in order."""

    name: str
    title: str
    concepts: tuple[ListedConcept, ...]


class ListedTrack(msgspec.Struct, frozen=True):
    """A track and its modules, in order."""

    name: str
    title: str
    modules: tuple[ListedModule, ...]


def reading_list(home: Path) -> list[ListedTrack]:
    """Everything that the modules name."""
    read = {slug for slug, answer in answers(home).items() if answer.right}
    return [
        ListedTrack(slug, track.title, tuple(_module(course().modules[name], read) for name in track.modules))
        for slug, track in course().tracks.items()
    ]


def reading_list_text(home: Path) -> str:
    """The list as it stands in a terminal: the names are what to type."""
    tracks = [part for track in reading_list(home) for part in _track(track)]
    others = [*course().pages, *projects.slugs()]
    return rendered(
        Text(),
        *tracks,
        Text("Pages and briefs", style="bold"),
        SideBySide(others, indent=_INDENT),
        Text(),
        Text(f"climb read NAME   opens one of these; {symbols().passed} is read: its question is answered"),
        Text(),
    )


def _module(module: Module, read: set[str]) -> ListedModule:
    concepts = [course().concepts[slug] for slug in module.concepts]
    listed = tuple(ListedConcept(each.slug, each.title, bool(each.body), each.slug in read) for each in concepts)
    return ListedModule(module.id, module.title, listed)


def _track(track: ListedTrack) -> Iterator[RenderableType]:
    yield Text.assemble((track.title, "bold"), (f"   {track.name}", "dim"))
    width = max((len(module.name) for module in track.modules), default=0) + 2
    for module in track.modules:
        yield Text(f"  {module.name:<{width}}{module.title}")
        pages = [each for each in module.concepts if each.page]
        if pages:
            yield SideBySide(
                [f"{symbols().passed} {each.name}" if each.read else each.name for each in pages], indent=_INDENT
            )
        without = len(module.concepts) - len(pages)
        if without:
            more = "more " if pages else ""
            concepts = "concept" if without == 1 else "concepts"
            yield Text(
                " " * _INDENT + f"{without} {more}{concepts} with a definition only: climb read {module.name}",
                style="dim",
            )
    yield Text()
