"""The commands that our documents show exist, and take the words that they are given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from climb.cli.commands import COMMANDS
from climb.cli.main import climb

_OTHERS = {"cd", "export", "git", "jq"}
_TAUGHT = {"lines": "scanner"}  # a project that a page adds, and one that is here


def test_commands_in_console_blocks_are_understood(document: Path, blocks: Callable[[Path], list[Any]]) -> None:
    """Each command after a ``$`` is one of ours with words that it accepts, or one of a few others."""
    lines = [line for block in blocks(document) if block.language == "console" for line in block.text.splitlines()]
    commands = [part for line in lines if line.startswith("$ ") for part in _parts(line[2:])]

    for words in commands:
        if words[0] in ("climb", "./climb"):
            _parse(words[1:])
        else:
            assert words[0] in _OTHERS, f"unknown command {words[0]!r}"


def test_commands_within_sentences_exist(document: Path, prose: Callable[[Path], str]) -> None:
    """What a sentence calls ``climb something`` is a command."""
    named = re.findall(r"`(?:\./)?climb ([a-z][a-z-]*)", prose(document))

    assert set(named) <= {entry.name for entry in COMMANDS}


@pytest.mark.parametrize("words", [["chekc"], ["check", "--no-such-option"], ["start"], ["dev", "no-such"]])
def test_the_parsing_here_refuses_what_the_command_refuses(words: list[str]) -> None:
    """A wrong command would be noticed."""
    with pytest.raises(click.UsageError):
        _parse(words)


def _parts(line: str) -> list[list[str]]:
    """The commands of a pipeline, each as its words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _parse(words: list[str]) -> None:
    if words in ([], ["--version"]):
        return  # answered before any command is looked for
    words = [_TAUGHT.get(word, word) for word in words]
    root = click.Context(climb, info_name="climb")
    name, command, rest = climb.resolve_command(root, words)
    assert command is not None
    if isinstance(command, click.Group):
        group = click.Context(command, info_name=name, parent=root)
        name, command, rest = command.resolve_command(group, rest)
        assert command is not None
    command.make_context(name, rest, parent=root)
