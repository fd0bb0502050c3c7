"""climb completion: what a shell needs to complete our commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script for SHELL.

    \b
    Install it:
      bash   climb completion bash > ~/.local/share/bash-completion/completions/climb
      zsh    climb completion zsh  > "${fpath[1]}/_climb"
      fish   climb completion fish > ~/.config/fish/completions/climb.fish
    """
    from climb.cli.main import climb

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(climb, {}, "climb", "_CLIMB_COMPLETE").source())
