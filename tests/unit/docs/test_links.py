"""Links between our documents lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

Prose = Callable[[Path], str]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_OUTSIDE = ("https://", "http://", "mailto:")


def test_every_link_leads_to_a_file_and_a_heading(document: Path, prose: Prose) -> None:
    """A relative link names a file that exists, and its anchor a heading in that file."""
    links = [link for link in _LINK.findall(prose(document)) if not link.startswith(_OUTSIDE)]

    dead = [link for link in links if not _leads_somewhere(document, link, prose)]

    assert dead == []


def test_each_document_can_be_reached_from_the_map(root: Path, prose: Prose) -> None:
    """Whoever begins at docs/README.md can get to every document under docs."""
    begin = (root / "docs" / "README.md").resolve()
    found, to_read = {begin}, [begin]
    while to_read:
        document = to_read.pop()
        for link in _LINK.findall(prose(document)):
            path = _path(document, link)
            if path.is_dir():
                path /= "README.md"
            if path.suffix == ".md" and path.exists() and path not in found:
                found.add(path)
                to_read.append(path)

    every = {path.resolve() for path in (root / "docs").rglob("*.md")}

    assert every - found == set()


def _path(document: Path, link: str) -> Path:
    name = link.partition("#")[0]
    return (document.parent / name).resolve() if name else document.resolve()


def _leads_somewhere(document: Path, link: str, prose: Prose) -> bool:
    path, anchor = _path(document, link), link.partition("#")[2]
    if not path.exists():
        return False
    return not anchor or anchor in _anchors(prose(path))


def _anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
