"""The first screen and the table of commands."""

import ast
import importlib
from pathlib import Path

import click
import pytest

import climb.cli
from climb.cli.commands import COMMANDS, Entry
from climb.cli.overview import overview


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_each_command_is_listed_under_its_group(entry: Entry) -> None:
    """The overview has each command of the table with its summary, below its group's title."""
    text = overview()

    assert f"\n  {entry.name:<12}{entry.summary}\n" in text
    assert text.index(f"\n{entry.group}:\n") < text.index(f"\n  {entry.name:<12}{entry.summary}\n")


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_each_command_can_be_loaded_and_explains_itself(entry: Entry) -> None:
    """The table's target is a click command with a help text."""
    module, _, attribute = entry.target.partition(":")
    command = getattr(importlib.import_module(module), attribute)

    assert isinstance(command, click.Command)
    assert command.help


def test_groups_are_named_once() -> None:
    """Commands of one group stand together, so no title is repeated."""
    text = overview()

    assert all(text.count(f"\n{group}:\n") == 1 for group in {entry.group for entry in COMMANDS})


def test_names_are_different() -> None:
    """A name means one command."""
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS)


def test_the_overview_fits_a_terminal() -> None:
    """No line is longer than 110 columns, and all of it is on one screen of ASCII."""
    lines = overview().splitlines()

    assert max(map(len, lines)) <= 120
    assert overview().isascii()


def test_the_exit_codes_are_told() -> None:
    """All five stand on the first screen."""
    last = overview().strip().splitlines()[-1]

    assert all(f"{code} " in last for code in range(5))


def test_only_the_command_line_prints() -> None:
    """No module of the judge calls print."""
    root = Path(climb.cli.__file__).parents[1] / "judge"
    calls = [
        f"{path.name}:{node.lineno}"
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert calls == []
