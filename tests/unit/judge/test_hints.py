"""Hints open one at a time, and stay open."""

from pathlib import Path

import pytest

from climb.judge import hints
from climb.judge.stage import Stage

STAGE = Stage("s", "S", concepts=[], hints=["first", "second"])
OTHER = Stage("o", "O", concepts=[], hints=["other"])


def test_each_call_opens_one_more(tmp_path: Path) -> None:
    """The hints open in order, and those opened before are shown again."""
    first, second = hints.open_next(tmp_path, STAGE), hints.open_next(tmp_path, STAGE)

    assert first == hints.Opened(("first",), 2)
    assert second == hints.Opened(("first", "second"), 2)


def test_after_the_last_hint_all_are_shown_again(tmp_path: Path) -> None:
    """A further call opens nothing new and forgets nothing."""
    for _ in range(3):
        opened = hints.open_next(tmp_path, STAGE)

    assert opened.hints == ("first", "second")
    assert hints.left(tmp_path, STAGE) == 0


def test_stages_have_hints_of_their_own(tmp_path: Path) -> None:
    """A hint of one stage opens none of another."""
    hints.open_next(tmp_path, STAGE)

    assert hints.left(tmp_path, STAGE) == 1
    assert hints.left(tmp_path, OTHER) == 1


def test_nothing_is_written_to_count_what_is_left(tmp_path: Path) -> None:
    """Before the first hint is opened there is no file."""
    assert hints.left(tmp_path / "new", STAGE) == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b'{"s": 1', b"\xff\xfe", b'{"s": "many"}', b'{"s": 99}'])
def test_a_damaged_file_costs_nothing_but_its_memory(tmp_path: Path, content: bytes) -> None:
    """A file that can't be read, or speaks of hints that are gone, never stops a learner."""
    (tmp_path / "hints.json").write_bytes(content)

    assert hints.left(tmp_path, STAGE) in (0, 2)
    assert hints.open_next(tmp_path, STAGE).hints[0] == "first"
