"""Our documents, cut into the pieces that can be compared with the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[3]
_MARK = re.compile(r"<!-- (.*) -->")


class Block(NamedTuple):
    """A fenced block: the comment on the line before it, its language and its text."""

    line: int
    mark: str
    language: str
    text: str


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks_of(document: Path) -> list[Block]:
    return list(_blocks(document.read_text(encoding="utf-8").splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    start: int | None = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
            continue
        mark = _MARK.fullmatch(lines[start - 1])
        text = "".join(f"{inner}\n" for inner in lines[start + 1 : number])
        yield Block(start + 2, mark[1] if mark else "", lines[start][3:], text)
        start = None


def prose_of(document: Path) -> str:
    """The text without its blocks, fenced or indented."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^    .*$", "", text, flags=re.MULTILINE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "document" in metafunc.fixturenames:
        paths = documents()
        metafunc.parametrize("document", paths, ids=[str(path.relative_to(ROOT)) for path in paths])


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def blocks() -> Callable[[Path], list[Block]]:
    return blocks_of


@pytest.fixture
def prose() -> Callable[[Path], str]:
    return prose_of


@pytest.fixture
def marked(root: Path) -> Callable[[str, str], str]:
    """The text of the one block of a document that carries this mark."""

    def find(document: str, mark: str) -> str:
        (block,) = [block for block in blocks_of(root / document) if block.mark == mark]
        return block.text

    return find
