"""Drawings take their colours from the site, fit on a phone, and are used."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from climb.course.loader import content_folder, course

FOLDER = content_folder() / "drawings"
DRAWINGS = sorted(FOLDER.glob("*.svg"))
MAX_WIDTH = 440  # text of 12 px stays readable at 360 px
MAX_HEIGHT = 480
CLASSES = {
    *("line", "faint", "accent", "good", "bad", "dashed"),
    *("fill-page", "fill-faint", "fill-accent", "fill-good", "fill-bad"),
    *("dim", "strong", "mono", "small", "head"),
}
FORBIDDEN_ATTRIBUTES = {"style", "fill", "stroke", "width", "height", "href", "onload", "onclick"}
FORBIDDEN_ELEMENTS = {"style", "script", "title", "image", "use", "a", "foreignObject"}
USED = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<name>[^)]+)\)")


def elements(path: Path) -> list[ET.Element]:
    """Every element of a drawing, the root first."""
    return list(ET.parse(path).getroot().iter())


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def used() -> list[tuple[str, str]]:
    """Every drawing that a page of the course shows, with its alternative text."""
    installed = course()
    bodies = [concept.body for concept in installed.concepts.values()]
    bodies += [page.body for page in installed.pages.values()]
    return [(match["name"], match["alt"]) for body in bodies for match in USED.finditer(body)]


@pytest.fixture(params=DRAWINGS, ids=lambda path: path.stem)
def drawing(request: pytest.FixtureRequest) -> Path:
    """Each drawing."""
    path: Path = request.param
    return path


def test_a_drawing_fits_on_a_phone(drawing: Path) -> None:
    """The view box begins at 0 0 and is no larger than a phone shows readably."""
    x, y, width, height = map(float, elements(drawing)[0].attrib["viewBox"].split())

    assert (x, y) == (0, 0)
    assert width <= MAX_WIDTH
    assert height <= MAX_HEIGHT


def test_a_drawing_leaves_colour_and_size_to_the_site(drawing: Path) -> None:
    """No element sets a colour or style of its own; only boxes and pictures of sizes have width and height."""
    wrong = [
        (local(element.tag), local(name))
        for element in elements(drawing)
        for name in element.attrib
        if local(name) in FORBIDDEN_ATTRIBUTES and not (local(element.tag) == "rect" and name in ("width", "height"))
    ]

    assert wrong == []


def test_a_drawing_holds_shapes_and_text_only(drawing: Path) -> None:
    """No styles, scripts or outside references."""
    assert {local(element.tag) for element in elements(drawing)} & FORBIDDEN_ELEMENTS == set()


def test_a_drawing_uses_known_classes(drawing: Path) -> None:
    """Every class is one that the site's stylesheet defines."""
    classes = {name for element in elements(drawing) for name in element.attrib.get("class", "").split()}

    assert classes - CLASSES == set()


def test_ids_in_a_drawing_begin_with_its_name(drawing: Path) -> None:
    """Several drawings can stand on one page without their ids meeting."""
    ids = [element.attrib["id"] for element in elements(drawing) if "id" in element.attrib]

    assert [name for name in ids if not name.startswith(f"{drawing.stem}-")] == []


def test_markers_that_a_drawing_uses_are_its_own() -> None:
    """Every arrow head that a drawing refers to is defined in it."""
    lost = []
    for path in DRAWINGS:
        text = path.read_text(encoding="utf-8")
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        lost += [(path.stem, name) for name in re.findall(r"url\(#([^)]+)\)", text) if name not in ids]

    assert lost == []


def test_every_drawing_is_used() -> None:
    """No drawing lies about that no page shows."""
    assert sorted({path.name for path in DRAWINGS} - {name for name, _ in used()}) == []


def test_every_drawing_says_what_it_shows() -> None:
    """The alternative text of a drawing is a sentence."""
    assert [name for name, alt in used() if len(alt.split()) < 5 or not alt.endswith(".")] == []
