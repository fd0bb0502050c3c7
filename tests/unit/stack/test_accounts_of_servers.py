"""What is made for the account that a server runs as is there whole or not at all, wherever a kill comes."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from climb.stack.accounts import made_folder, secret_file, secret_word

ME = pwd.getpwuid(os.getuid())


class Killed(BaseException):
    """Stands for the end of this process: nothing of ours catches it."""


@pytest.fixture
def killed_before_it_is_given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The process ends where it would give something to the server's account; ``undo`` is the next process."""

    def end(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("climb.stack.accounts.os.chown", end)
    return monkeypatch


def test_a_password_that_was_broken_off_is_made_anew(
    tmp_path: Path, killed_before_it_is_given: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    with pytest.raises(Killed):
        secret_word(file, ME)
    assert not file.exists()

    killed_before_it_is_given.undo()
    word = secret_word(file, ME)
    assert len(word) == 32
    assert secret_word(file, ME) == word
    assert [each.name for each in tmp_path.iterdir()] == ["password"]


def test_a_folder_that_was_broken_off_is_made_anew(
    tmp_path: Path, killed_before_it_is_given: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept" / "database"
    with pytest.raises(Killed):
        made_folder(folder, ME, of="PostgreSQL")
    assert not folder.exists()

    killed_before_it_is_given.undo()
    assert made_folder(folder, ME, of="PostgreSQL") == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in folder.parent.iterdir()] == ["database"]


def test_a_secret_replaces_the_one_before_it_and_only_its_user_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "password"
    for text in ("first", "second"):
        secret_file(file, ME, text)
        assert file.read_text() == text
        assert file.stat().st_mode & 0o777 == 0o600
