"""Groups of commands that are listed in a table, and loaded one at a time, when they run."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from typing import Any

import click

from climb.cli.commands import Entry

__all__ = ["Lazy"]


class Lazy(click.Group):
    """The commands of ``entries``; ``called`` is what a user types before their names."""

    def __init__(self, *args: Any, entries: Sequence[Entry], called: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._entries = {entry.name: entry for entry in entries}
        self._called = called

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self._entries:
            near = difflib.get_close_matches(args[0], self._entries, n=1)
            meant = f" Did you mean {self._called} {near[0]}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in self._entries.values()])
