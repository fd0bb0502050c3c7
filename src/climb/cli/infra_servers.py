"""climb infra up, down and env: servers that stay, started, ended, and their addresses for a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from climb.cli.console import printable, symbols
from climb.errors import SetupError
from climb.home import home_folder
from climb.stack.errors import StackError
from climb.stack.health import Condition, health
from climb.stack.kinds import KINDS, Kind
from climb.stack.lasting import Started, down, forget, up

__all__ = ["KIND", "chosen", "down_command", "env", "told", "up_command"]

KIND = click.Choice([kind.name for kind in KINDS])


@click.command("up")
@click.argument("names", nargs=-1, type=KIND, metavar="[database|cache|broker]...")
def up_command(names: tuple[str, ...]) -> int:
    """Start the servers named, or all three, and print their addresses as lines for a shell.

    What runs already stays as it is. The lines go to standard output, all else to standard error, so the first example sets the
    variables in your shell. Ctrl-C before the end leaves nothing behind that was not there.

    \b
    Examples:
      eval "$(climb infra up)"
      climb infra up database cache
    """
    results: list[Started] = []

    def tell(started: Started) -> None:
        results.append(started)
        _tell(started)

    with told():
        up(home_folder(), chosen(names), tell)
    for started in results:
        if started.record and not started.error:
            _print_line(started.kind, started.record.address)
    _tell_who_is_named_elsewhere(results)
    return SetupError.exit_code if any(started.error for started in results) else 0


@click.command("down")
@click.argument("names", nargs=-1, type=KIND, metavar="[database|cache|broker]...")
@click.option("--forget", "forgets", is_flag=True, help="Throw their data away, too; they get new passwords.")
def down_command(names: tuple[str, ...], forgets: bool) -> None:
    """End the servers named, or all three, in order. Their data are kept, and their addresses stay the same.

    \b
    Examples:
      climb infra down
      climb infra down database --forget
    """
    kinds = chosen(names)
    with told():
        down(
            home_folder(),
            kinds,
            lambda kind, ran: click.echo(f"  {kind.title} {'has ended' if ran else 'did not run'}"),
        )
        if forgets:
            forget(home_folder(), kinds)
            click.echo("  The data are gone.")


@click.command()
def env() -> None:
    """Print the addresses of the servers that run, as lines for a shell.

    \b
    Example:
      eval "$(climb infra env)"
    """
    with told():
        found = [health(home_folder(), kind) for kind in KINDS]
    running = [each for each in found if each.condition is Condition.RUNNING]
    if not running:
        raise SetupError("none of the servers runs", next_step="climb infra up")
    for each in running:
        if each.record:
            _print_line(each.kind, each.record.address)


def chosen(names: Sequence[str]) -> list[Kind]:
    """The kinds of these names in the order of the table; all, if there are none."""
    return [kind for kind in KINDS if kind.name in names] if names else list(KINDS)


def _print_line(kind: Kind, address: str) -> None:
    click.echo(f"export {kind.variable}={shlex.quote(address)}")


def _tell(started: Started) -> None:
    signs, title = symbols(), started.kind.title
    if started.error:
        click.echo(f"  {signs.failed} {printable(str(started.error))}", err=True)
        if started.error.next_step:
            click.echo(f"    try: {started.error.next_step}", err=True)
    elif started.record:
        how = "takes requests" if started.new else "runs already"
        click.echo(
            f"  {signs.passed} {title} {started.record.version} {how} on 127.0.0.1:{started.record.port}", err=True
        )


def _tell_who_is_named_elsewhere(results: Sequence[Started]) -> None:
    for started in results:
        given = os.environ.get(started.kind.variable)
        if given and started.record and given != started.record.address:
            click.echo(
                f"  {started.kind.variable} names another server in this shell, until one of these lines replaces it",
                err=True,
            )


@contextmanager
def told() -> Iterator[None]:
    """Turn what is missing here into the error that the command ends with."""
    try:
        yield
    except StackError as error:
        raise SetupError(str(error), next_step=error.next_step) from error
