"""climb serve: our systems that serve, a group whose commands are loaded when they run."""

from __future__ import annotations

import click

from climb.cli.commands import Entry
from climb.cli.lazy import Lazy

__all__ = ["SUBCOMMANDS", "serve"]

SUBCOMMANDS = (Entry("files", "Serve", "a folder over HTTP, on this machine", "climb.cli.serve_files:files"),)


@click.command(cls=Lazy, entries=SUBCOMMANDS, called="climb serve")
def serve() -> None:
    """Services of our own, until Ctrl-C.

    \b
    Examples:
      climb serve files
      climb serve files ./site --port 8080
    """
