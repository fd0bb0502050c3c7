"""How a server that stays is said to be, from what was written down of it and what can be seen."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from climb.cli.infra_status import status
from climb.stack.errors import StackError
from climb.stack.health import Condition, health
from climb.stack.kinds import kind_named
from climb.stack.lasting import place_of
from climb.stack.ports import free_port
from climb.stack.records import Place, Record, boot_id

DATABASE = kind_named("database")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which the database has a folder."""
    place_of(tmp_path, DATABASE).folder.mkdir(parents=True)
    monkeypatch.setenv("CLIMB_HOME", str(tmp_path))
    return tmp_path


def written(home: Path, **changed: object) -> Place:
    """The database's place, with a record of one that ran until its holder was gone."""
    record = {
        "kind": "database",
        "state": "running",
        "holder": 1,
        "boot": boot_id(),
        "folder": str(home),
        "log": str(home / "log"),
        "port": free_port(),
    }
    place = place_of(home, DATABASE)
    place.write(Record(**{**record, **changed}))
    return place


def test_what_was_never_started_is_off(home: Path) -> None:
    """Without a record there is nothing to tell."""
    assert health(home, DATABASE).condition is Condition.OFF


def test_what_was_stopped_is_off(home: Path) -> None:
    """After an orderly end the record is kept, for the port and the data."""
    written(home, state="stopped")

    assert health(home, DATABASE).condition is Condition.OFF


@pytest.mark.parametrize("state", ["starting", "running"])
def test_what_nobody_holds_any_more_is_lost(home: Path, state: str) -> None:
    """A record of a server that runs, without the lock of a holder, is of one that was killed."""
    written(home, state=state)

    found = health(home, DATABASE)

    assert found.condition is Condition.LOST
    assert not found.rebooted


def test_what_went_with_the_machine_is_told_from_what_was_killed(home: Path) -> None:
    """A record of an earlier start of the machine says so, with the next command."""
    written(home, boot="another")

    shown = CliRunner().invoke(status, standalone_mode=False)

    assert health(home, DATABASE).rebooted
    assert shown.return_value == 3
    assert "was ended when the machine went down" in shown.output
    assert "try: climb infra up database" in shown.output


def test_what_is_held_and_not_ready_is_starting(home: Path) -> None:
    """Between the holder's start and the server's answer it is said to start."""
    place = written(home, state="starting")

    with place.held() as ours:
        found = health(home, DATABASE)

    assert ours
    assert found.condition is Condition.STARTING


def test_a_record_that_cannot_be_read_is_none(home: Path) -> None:
    """Half a file, such as one of a full disk, leads to a start and to no error."""
    (place_of(home, DATABASE).folder / "record.json").write_text('{"kind": "data')

    assert health(home, DATABASE).condition is Condition.OFF


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_folder_of_another_users_is_an_error(home: Path) -> None:
    """Who may not look at the lock is told whose folder it is."""
    place = written(home)
    with place.held():
        pass
    (place.folder / "lock").chmod(0)

    with pytest.raises(StackError, match="belongs to another user"):
        health(home, DATABASE)
