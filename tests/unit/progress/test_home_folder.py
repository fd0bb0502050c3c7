"""Where what belongs to the learner is kept: found, or refused in a way that helps."""

from pathlib import Path

import pytest

from climb.errors import SetupError
from climb.home import home_folder


def test_a_home_need_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever writes makes it."""
    monkeypatch.setenv("CLIMB_HOME", str(tmp_path / "later"))

    assert home_folder() == tmp_path / "later"


def test_a_relative_home_begins_where_the_command_was_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Processes that work in other folders are given the same place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIMB_HOME", "here")

    assert home_folder() == tmp_path / "here"


def test_a_home_that_is_no_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the variable that sets another."""
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("CLIMB_HOME", str(file))

    with pytest.raises(SetupError, match="CLIMB_HOME can't be read") as raised:
        home_folder()

    assert raised.value.next_step == "set CLIMB_HOME to a folder of yours"
