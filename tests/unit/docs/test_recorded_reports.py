"""Reports that our pages take from planted bugs are the recorded ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from climb.judge.gate.wrong import normalised

_MARK = "recorded: "


def test_a_recorded_report_is_shown_as_it_was_recorded(
    document: Path, root: Path, blocks: Callable[[Path], list[Any]]
) -> None:
    """A block marked ``recorded: PROJECT/NAME`` is the report of that planted bug, but for its numbers, which the gate ignores too."""
    for block in blocks(document):
        if block.mark.startswith(_MARK):
            recorded = root / "tests/wrong" / f"{block.mark.removeprefix(_MARK)}.report.txt"

            assert normalised(block.text) == normalised(recorded.read_text(encoding="utf-8"))


def test_a_page_shows_such_a_report(root: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """The mark is in use, so that the test above compares something."""
    marks = [block.mark for block in blocks(root / "docs/how-to/read-a-report.md")]

    assert [mark for mark in marks if mark.startswith(_MARK)] != []
