"""climb serve files: a folder over HTTP, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import shlex
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climb.cli.console import console, printable
from climb.errors import SetupError

if TYPE_CHECKING:
    from climb.systems.http.answer import Answer
    from climb.systems.http.head import Head

__all__ = ["files"]

_HOST = "127.0.0.1"
_PORT = 8000
_LAST_OWN_PORT = 1023  # of those that are root's
_PORTS_TO_TRY = 100
_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="The port; 0 takes any free one."
)
@click.option(
    "--host",
    default=_HOST,
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen at; 0.0.0.0 lets everybody in who can reach this machine.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Another name by which it may be asked, as behind a proxy. At 127.0.0.1 it answers else only as localhost.",
)
@click.option("--cors", is_flag=True, help="Let pages of all other origins read the files.")
@click.option("--log/--no-log", default=None, help="A line for each request; by default on a terminal only.")
def files(folder: Path, port: int, host: str, names: tuple[str, ...], cors: bool, log: bool | None) -> None:
    """Serve the files of DIR (by default this folder) over HTTP. Ctrl-C ends it.

    A folder answers its index.html, or a page that lists it. Nothing outside DIR is served, whatever links lead there. Clients can
    ask for parts of a file, and whether it has changed.

    \b
    Examples:
      climb serve files
      climb serve files ./site --port 8080
      climb serve files --host 0.0.0.0
    """
    from climb.systems.http.sharing import addresses, share

    shown = printable(str(folder.resolve() if folder == Path() else folder))
    with _bound(folder, host, port) as sock:

        def ready() -> None:
            first, *others = addresses(sock)
            click.echo(f"{shown} is at {first}   (Ctrl-C ends it)")
            for other in others:
                click.echo(f"From other machines: {other}")

        told = sys.stderr.isatty() if log is None else log
        try:
            share(folder.resolve(), sock, names=names, for_all_pages=cors, ready=ready, answered=_log if told else None)
        except OSError as error:
            raise SetupError(f"{shown} can't be served: {error.strerror}") from error


def _bound(folder: Path, host: str, port: int) -> socket.socket:
    from climb.systems.http.accepting import bound

    try:
        return bound(host, port)
    except OSError as error:
        again = ["climb", "serve", "files", *([] if folder == Path() else [str(folder)])]
        place = f"[{printable(host)}]:{port}" if ":" in host else f"{printable(host)}:{port}"
        if error.errno == errno.EADDRINUSE:
            elsewhere = ["--host", host] if host != _HOST else []
            command = shlex.join([*again, *elsewhere, "--port", str(_free_port(host, port))])
            raise SetupError(f"{place} is in use", next_step=command) from error
        if error.errno == errno.EACCES and port <= _LAST_OWN_PORT:
            command = shlex.join([*again, "--port", str(_PORT)])
            raise SetupError(f"{place} can't be used: ports below 1024 are root's", next_step=command) from error
        command = shlex.join([*again, "--host", _HOST])
        raise SetupError(f"{place} can't be used: {error.strerror}", next_step=command) from error


def _free_port(host: str, taken: int) -> int:
    """Return the next port that nobody uses, or 0, which takes any."""
    from climb.systems.http.accepting import bound

    for port in range(taken + 1, min(taken + _PORTS_TO_TRY, 65536)):
        try:
            bound(host, port).close()
        except OSError:
            continue
        return port
    return 0


def _log(head: Head | None, answer: Answer) -> None:
    from rich.text import Text

    asked = "no request" if head is None else f"{head.method} {head.target.decode('ascii')}"
    content = answer.content
    size = len(content) if isinstance(content, (bytes, bytearray)) else getattr(content, "length", 0)
    status = (str(answer.status), _STYLES.get(answer.status // 100, ""))
    line = Text.assemble((time.strftime("%H:%M:%S"), "dim"), "  ", status, f"  {size:>13,}  {asked}")
    with contextlib.suppress(OSError):  # whoever read it is gone; clients are still here
        console(stderr=True).print(line, soft_wrap=True)
