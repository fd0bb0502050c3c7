"""The tours of our own systems lead somewhere: what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from climb.cli.commands import COMMANDS
from climb.course.loader import course
from climb.judge.project import projects_folder, slugs

PACKAGE = projects_folder().parent
ROOT = PACKAGE.parents[1]
CODE = re.compile(r"`([^`]+)`")
FILE = re.compile(r"[\w./-]+(?:\.(?:py|sql|lua|c|h|md|toml)|/)")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FOREIGN = {"SERIALIZABLE", "epoll_ctl"}  # what ours does without, and a call that Python makes
COMMAND = re.compile(r"\bclimb ([a-z][a-z-]*)")


@pytest.fixture(params=slugs())
def slug(request: pytest.FixtureRequest) -> str:
    """Each project."""
    found: str = request.param
    return found


@pytest.fixture
def tour(slug: str) -> str:
    """How ours does it."""
    return (projects_folder() / slug / "tour.md").read_text(encoding="utf-8")


def spans(tour: str) -> list[str]:
    """What stands in the text as code, without what stands there as a block."""
    return CODE.findall("\n".join(line for line in tour.splitlines() if not line.startswith("    ")))


def test_files_that_are_named_are_there(slug: str, tour: str) -> None:
    """A file or folder is named from the system's folder, from the package, or from the root."""
    named = [span for span in spans(tour) if FILE.fullmatch(span) and not span.startswith("/")]
    places = (PACKAGE / "systems" / slug, PACKAGE, ROOT)

    assert named
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_names_that_are_named_are_in_the_source(slug: str, tour: str) -> None:
    """A function, a class, a table or a setting is somewhere in the system, in what it stands on, or in the brief."""
    places = [PACKAGE / "systems" / slug, PACKAGE / "stack", projects_folder() / slug / "brief.md"]
    files = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place])]
    known = {word for path in files for word in words_of(path)}
    named = {span.removesuffix("()") for span in spans(tour) if NAME.fullmatch(span) and not FILE.fullmatch(span)}

    assert sorted(name for name in named if not set(name.split(".")) <= known | FOREIGN) == []


def words_of(path: Path) -> set[str]:
    """All words of a source."""
    if path.suffix not in {".py", ".sql", ".c", ".lua", ".md"}:
        return set()
    return set(re.findall(r"\w+", path.read_text(encoding="utf-8")))


def test_links_lead_to_concepts_and_projects(tour: str) -> None:
    """A concept by its name or another one that leads to it, a project by its name."""
    targets = [target.partition("#")[0].partition(":")[::2] for target in LINK.findall(tour)]
    concepts = course().concepts
    there = {
        "concept": {name for slug, each in concepts.items() for name in (slug, *each.also)},
        "project": set(slugs()),
    }

    assert [(kind, name) for kind, name in targets if name not in there.get(kind, ())] == []


def test_commands_exist(tour: str) -> None:
    """What a tour says to run is one of ours."""
    assert set(COMMAND.findall(tour)) <= {entry.name for entry in COMMANDS}
