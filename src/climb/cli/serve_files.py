"""climb serve files: a folder over HTTP, until Ctrl-C."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climb.cli.console import printable
from climb.errors import SetupError

if TYPE_CHECKING:
    from climb.systems.http.answer import Answer
    from climb.systems.http.head import Head

__all__ = ["files"]


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes any free one."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen at; 0.0.0.0 lets everybody in who can reach this machine.",
)
def files(folder: Path, port: int, host: str) -> None:
    """Serve the files of DIR (by default this folder) over HTTP. Ctrl-C ends it.

    A folder answers its index.html, or a page that lists it. Nothing outside DIR is served, whatever links lead there. Clients can
    ask for parts of a file, and whether it has changed. On a terminal each request is a line.

    \b
    Examples:
      climb serve files
      climb serve files ./site --port 8080
    """
    from climb.systems.http.sharing import share

    def ready(address: str) -> None:
        click.echo(f"{printable(str(folder))} is at {address}   (Ctrl-C ends it)")

    try:
        share(folder.resolve(), host, port, ready=ready, answered=_log if sys.stderr.isatty() else None)
    except OSError as error:
        next_step = "climb serve files --port 0   (takes any free port)"
        raise SetupError(f"{host}:{port} can't be used: {error.strerror}", next_step=next_step) from error


def _log(head: Head | None, answer: Answer) -> None:
    asked = "no request" if head is None else f"{head.method} {head.target.decode('ascii')}"
    content = answer.content
    size = len(content) if isinstance(content, (bytes, bytearray)) else getattr(content, "length", 0)
    click.echo(f"{time.strftime('%H:%M:%S')}  {answer.status}  {size:>13,}  {asked}", err=True)
