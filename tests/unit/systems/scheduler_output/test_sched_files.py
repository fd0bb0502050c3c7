"""A schedule as a file of its own: SVG and HTML that need nothing else."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from climb.gantt.style import DARK, LIGHT
from climb.systems.scheduler import schedule
from climb.systems.scheduler.model import Options, Schedule, Task, Workload
from climb.systems.scheduler.named import named_workload
from climb.systems.scheduler.output.page import made_from, page
from climb.systems.scheduler.output.picture import picture

EVIL = '<script>alert("1")</script>&\x1b\x00'
OPTIONS = Options(policy="rr", quantum=3)
VOID = {"meta", "br", "hr"}


class Seen(HTMLParser):
    """All elements with their attributes; they have to be balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def made(workload: Workload) -> Schedule:
    return schedule(workload, OPTIONS)


def html(workload: Workload, name: str = "mixed") -> str:
    source = made_from(workload, OPTIONS)
    return page(workload, made(workload), name=name, rule="The first runs.", source=source)


@pytest.mark.parametrize("name", ["mixed", "crowd"])
def test_the_picture_is_a_document(name: str) -> None:
    """XML with its own colours for light and dark, and no reference to anything outside."""
    text = picture(named_workload(name), made(named_workload(name)))
    root = ET.fromstring(text.encode())

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text
    assert all(colour in text for colour in (*LIGHT.values(), *DARK.values()))
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|url\(|@import|href", text) == []


def test_the_page_asks_nobody_for_anything() -> None:
    """No script, no link, no image; a policy forbids what an injected one would load."""
    seen = Seen(html(named_workload("mixed")))
    tags = {tag for tag, _ in seen.elements}
    attributes = {name for _, found in seen.elements for name in found}

    assert not tags & {"script", "link", "img", "iframe", "object", "video", "audio"}
    assert not attributes & {"src", "href", "action", "onclick", "onload", "style"}
    assert (
        "meta",
        {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"},
    ) in seen.elements


def test_the_page_says_what_it_shows() -> None:
    """Title, language, rule, every task with its measures, the options that were given."""
    workload = named_workload("mixed")
    seen = Seen(html(workload))
    words = " ".join(seen.words)

    assert ("html", {"lang": "en"}) in seen.elements
    assert "rr: mixed, 8 tasks, 1 processor" in words
    assert "The first runs." in words
    assert all(task.id in words for task in workload.tasks)
    assert words.count("--quantum") == 1
    assert "--levels" not in words
    assert ("th", {"scope": "row"}) in seen.elements


def test_the_page_prints_with_light_colours() -> None:
    """Paper is white, also for who prefers dark pages."""
    style = html(named_workload("mixed")).partition("<style>")[2].partition("</style>")[0]
    printed = style.partition("@media print")[2]

    assert LIGHT["page"] in printed.partition("}")[0]
    assert "@page" in style


def test_names_are_text() -> None:
    """Whatever a workload calls its tasks, and a file itself."""
    workload = Workload(tasks=(Task(id=EVIL, bursts=(3,)), Task(id="B", bursts=(1,))))
    seen = Seen(html(workload, name=EVIL))
    drawing = picture(workload, made(workload))

    assert "script" not in {tag for tag, _ in seen.elements}
    assert "script" not in {element.tag.rpartition("}")[2] for element in ET.fromstring(drawing.encode()).iter()}
    assert not any("\x1b" in text or "\x00" in text for text in (drawing, html(workload, name=EVIL)))


def test_a_large_page_names_those_that_waited_longest() -> None:
    """And says how many are left out."""
    workload = Workload(tasks=tuple(Task(id=f"t{number}", bursts=(1,)) for number in range(1500)))
    text = html(workload)

    assert "500 more are left out" in text
    assert ">t1499<" in text
    assert '<th scope="row">t0<' not in text
