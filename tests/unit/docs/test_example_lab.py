"""The lab that docs/how-to/add-a-lab.md adds keeps the rules for every lab, in a copy of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = "docs/how-to/add-a-lab.md"
NEEDED = ("pyproject.toml", "tests/conftest.py", "tests/unit/labs/test_lab_files.py")

Blocks = Callable[[Path], list[Any]]


@pytest.fixture
def checkout(root: Path, blocks: Blocks, tmp_path: Path) -> Path:
    """A copy of the checkout to which the files of the page were added."""
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    files = {name: (root / name).read_text(encoding="utf-8") for name in NEEDED}
    marked = (block for block in blocks(root / PAGE) if block.mark.startswith("file: "))
    files |= {block.mark.removeprefix("file: "): block.text for block in marked}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_the_lab_that_the_page_adds_is_a_good_one(checkout: Path, marked: Callable[[str, str], str]) -> None:
    """Followed to its end, the page leaves a lab that is measured, recorded and explained, and whose tests pass."""
    recorded = _python(checkout, "-c", marked(PAGE, "step: record"))

    tested = _python(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "starting", "tests")

    assert recorded.returncode == 0, recorded.stderr
    assert "Starting a process took" in recorded.stdout
    assert tested.returncode == 0, tested.stdout


def _python(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(checkout / "src"), "CLIMB_HOME": str(checkout / "home")}
    return subprocess.run([sys.executable, *words], cwd=checkout, env=env, capture_output=True, text=True, timeout=120)
