"""Everything that the course has to hold is where ``inventory.toml`` says, and nothing was dropped from that list."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from climb.course.loader import course
from climb.course.model import Course, Module

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
ITEMS: list[dict[str, Any]] = tomllib.loads((HERE / "inventory.toml").read_text(encoding="utf-8"))["items"]

COUNTS = {
    ("backend-climb", "concept"): 51,
    ("backend-climb", "reading"): 10,
    ("backend-climb", "resource"): 6,
    ("backend-climb", "project"): 7,
    ("backend-climb", "reflection"): 2,
    ("linux", "concept"): 36,
    ("linux", "reading"): 6,
    ("linux", "resource"): 8,
    ("linux", "project"): 8,
    ("whole", "feature"): 7,
}


@pytest.fixture(scope="module")
def installed() -> Course:
    """The installed course."""
    return course()


def track_of(module: str) -> str:
    """The track that a module belongs to, by its name alone."""
    if module == "whole":
        return "whole"
    return "linux" if module.startswith("linux") else "backend-climb"


def places(item: dict[str, Any]) -> list[str]:
    """The names that lead to an item."""
    return [item["at"]] if isinstance(item["at"], str) else item["at"]


def is_there(course: Course, module: Module, kind: str, name: str) -> bool:
    """Whether a module holds what ``name`` says."""
    match kind:
        case "concept":
            concept = course.concept(name)
            return concept is not None and concept.slug in module.concepts
        case "reading":
            return name in [reading.work for reading in module.readings]
        case "resource":
            return name in [resource.work for resource in module.resources]
        case "project":
            return name in module.projects
        case "reflection":
            return name in [reflection.id for reflection in module.reflections]
    raise AssertionError(f"no kind {kind!r}")


def has_heading(text: str, heading: str) -> bool:
    """Whether a Markdown text has this heading, of any depth."""
    return heading in [line.lstrip("#").strip() for line in text.split("\n") if line.startswith("#")]


def feature_is_there(course: Course, place: str) -> bool:
    """Whether the place of a feature exists: ``track:…``, ``every:<field of a module>``, ``page:…#heading`` or ``file:…#heading``."""
    kind, _, name = place.partition(":")
    name, _, heading = name.partition("#")
    match kind:
        case "track":
            return name in course.tracks and bool(course.tracks[name].modules)
        case "every":
            return all(getattr(module, name) for module in course.modules.values())
        case "page":
            return name in course.pages and has_heading(course.pages[name].body, heading)
        case "file":
            return has_heading((REPOSITORY / name).read_text(encoding="utf-8"), heading)
    raise AssertionError(f"no kind of place {kind!r}")


@pytest.mark.parametrize(("track", "kind"), [key for key in COUNTS if key != ("whole", "feature")])
def test_every_item_is_in_its_module(installed: Course, track: str, kind: str) -> None:
    """Every name of every item of a kind is found in the item's module, as the kind of thing that it is."""
    items = [item for item in ITEMS if (track_of(item["module"]), item["kind"]) == (track, kind)]
    missing = [
        (item["module"], item["item"], name)
        for item in items
        for name in places(item)
        if not is_there(installed, installed.modules[item["module"]], kind, name)
    ]

    assert missing == []


def test_every_feature_is_where_the_list_says(installed: Course) -> None:
    """Every place of a feature of the whole exists."""
    features = [item for item in ITEMS if item["kind"] == "feature"]
    missing = [
        (item["item"], place) for item in features for place in places(item) if not feature_is_there(installed, place)
    ]

    assert missing == []


def test_no_item_was_dropped_from_the_list() -> None:
    """The list has as many items of each track and kind as the course was asked for."""
    counted = Counter((track_of(item["module"]), item["kind"]) for item in ITEMS)

    assert counted == COUNTS


def test_no_item_is_listed_twice() -> None:
    """No two items of one module have the same text."""
    counted = Counter((item["module"], item["kind"], item["item"]) for item in ITEMS)

    assert [item for item, times in counted.items() if times > 1] == []


def test_a_module_of_the_list_is_in_its_track(installed: Course) -> None:
    """Each module of the list is a station of the track it is counted for."""
    wrong = {
        item["module"]
        for item in ITEMS
        if item["module"] != "whole" and item["module"] not in installed.tracks[track_of(item["module"])].modules
    }

    assert wrong == set()
