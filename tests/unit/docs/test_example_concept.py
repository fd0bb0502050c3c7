"""The page that docs/how-to/write-a-concept-page.md writes keeps the rules of the course."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from climb.course.loader import load
from climb.course.model import ChoiceQuestion

PAGE = "docs/how-to/write-a-concept-page.md"
CONCEPT, DRAWING = "concepts/half-closed.md", "drawings/half-closed.svg"
RULES = ("tests/unit/course/test_content.py", "tests/unit/course/test_drawings.py")


@pytest.fixture
def checkout(root: Path, marked: Callable[[str, str], str], tmp_path: Path) -> Path:
    """A copy of the checkout to which the files of the page were added."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py", *RULES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    content = tmp_path / "src/climb/course/content"
    for name in (CONCEPT, DRAWING):
        (content / name).write_text(marked(PAGE, f"file: {name}"), encoding="utf-8")
    module = content / "modules/1.1.md"
    front, fence, rest = module.read_text(encoding="utf-8").rpartition("\n+++\n")
    module.write_text(f"{front}\n{marked(PAGE, 'topic: modules/1.1.md')}{fence}{rest}", encoding="utf-8")
    return tmp_path


def test_the_course_loads_with_the_page(checkout: Path) -> None:
    """The concept is found by each of its names, in its module, with its text and its question."""
    course = load(checkout / "src/climb/course/content")

    found = course.concepts["half-closed"]

    assert course.concept("half-close") == course.concept("fin") == found
    assert "half-closed" in course.modules["1.1"].concepts
    assert found.body.startswith("A client sends a file")
    assert isinstance(found.question, ChoiceQuestion)


@pytest.mark.slow
def test_the_page_and_its_drawing_keep_the_rules(checkout: Path) -> None:
    """The tests of the course pass with the page in it."""
    env = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    words = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")

    done = subprocess.run(words, cwd=checkout, env=env, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stdout
