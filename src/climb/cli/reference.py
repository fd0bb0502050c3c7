"""The page of all commands, written from the commands themselves: ``climb dev docs`` writes it, a test keeps it current."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from climb.cli.commands import COMMANDS
from climb.cli.main import climb

__all__ = ["commands_page"]

_HEAD = """\
# Commands

<!-- Written by `climb dev docs` from the commands themselves. Do not edit. -->

`climb` without words prints an overview, and `climb COMMAND --help` prints what stands here.
Every command ends with one of the [exit codes](exit-codes.md).
`climb --version` prints the version.
"""


def commands_page() -> str:
    """The whole page, in Markdown."""
    root = click.Context(climb, info_name="climb")
    group, parts = "", [_HEAD]
    for entry in COMMANDS:
        if entry.group != group:
            group = entry.group
            parts.append(f"\n## {group}\n")
        command = climb.get_command(root, entry.name)
        assert command is not None
        parts.extend(_sections(command, click.Context(command, info_name=entry.name, parent=root)))
    return "".join(parts)


def _sections(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """A command's section, and those of its subcommands."""
    yield f"\n### {ctx.command_path}\n\n"
    yield f"    {ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}\n"
    yield from (f"\n{paragraph}\n" for paragraph in _paragraphs(command.help or ""))
    yield from _options(command, ctx)
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from _sections(inner, click.Context(inner, info_name=name, parent=ctx))


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a help text; those that keep their line breaks become blocks."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        mark, _, kept = paragraph.partition("\n")
        if mark != "\b":
            yield " ".join(_escaped(paragraph).split())
            continue
        lines = kept.splitlines()
        if lines[0].endswith(":"):
            yield _escaped(lines.pop(0))
        yield "\n".join(f"    {line.removeprefix('  ')}".rstrip() for line in lines)


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    options = [parameter for parameter in command.get_params(ctx) if isinstance(parameter, click.Option)]
    records = [option.get_help_record(ctx) for option in options if "--help" not in option.opts]
    rows = [record for record in records if record is not None]
    if not rows:
        return
    yield "\n| option | meaning |\n| --- | --- |\n"
    for names, meaning in rows:
        yield f"| `{names.replace('|', chr(92) + '|')}` | {_escaped(' '.join(meaning.split()))} |\n"


def _escaped(text: str) -> str:
    """Text in which Markdown finds no markup."""
    return "".join(f"\\{character}" if character in "*_<|[]`" else character for character in text)
