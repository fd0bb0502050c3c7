"""climb serve: our systems that serve, a group whose commands are loaded when they run."""

from __future__ import annotations

import click

from climb.cli.commands import Entry
from climb.cli.lazy import Lazy

__all__ = ["SUBCOMMANDS", "serve"]

SUBCOMMANDS = (
    Entry("files", "Serve", "a folder over HTTP, on this machine", "climb.cli.serve_files:files"),
    Entry("identity", "Serve", "accounts, logins and tokens, on PostgreSQL", "climb.cli.serve_identity:identity"),
    Entry(
        "links", "Serve", "short links, with clicks counted, on PostgreSQL and a cache", "climb.cli.serve_links:links"
    ),
)


@click.command(cls=Lazy, entries=SUBCOMMANDS, called="climb serve")
def serve() -> None:
    """Services of our own, until Ctrl-C.

    \b
    Examples:
      climb serve files
      climb serve files ./site --port 8080
      climb serve identity
      climb serve links
    """
