"""climb infra: servers that stay, a group whose commands are loaded when they run."""

from __future__ import annotations

import click

from climb.cli.commands import Entry
from climb.cli.lazy import Lazy

__all__ = ["SUBCOMMANDS", "infra"]

SUBCOMMANDS = (
    Entry("up", "Servers", "start what does not run, and print the addresses", "climb.cli.infra_servers:up_command"),
    Entry("down", "Servers", "end them; with --forget, throw their data away", "climb.cli.infra_servers:down_command"),
    Entry("env", "Servers", "the addresses again, as lines for a shell", "climb.cli.infra_servers:env"),
    Entry("status", "Servers", "what runs, since when, how much memory, which log", "climb.cli.infra_status:status"),
)


@click.command(cls=Lazy, entries=SUBCOMMANDS, called="climb infra")
def infra() -> None:
    """PostgreSQL, Valkey and a Kafka broker on this machine, until you end them or the machine goes down.

    They come with Backend Climb and need no installation, no root and no container. They listen on 127.0.0.1 only. PostgreSQL and
    Valkey keep their data below CLIMB_HOME and have the same address after each start; the broker keeps everything in memory.

    Our systems start servers of their own where none is named. These here are for when data are to last, and for your own programs.

    \b
    Examples:
      eval "$(climb infra up)"
      climb infra up database cache
      climb infra status
      climb infra down
    """
