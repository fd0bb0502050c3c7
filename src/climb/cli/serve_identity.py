"""climb serve identity: accounts and tokens, with all that they stand on, until Ctrl-C."""

from __future__ import annotations

import json
import logging
import os
import shlex
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climb.cli.console import printable
from climb.cli.serving import HOST, data_folder, demand_port, say_start, told

if TYPE_CHECKING:
    from climb.systems.identity.outbox import Deliver, Message

__all__ = ["identity"]

_PORT = 8081
_NO_DATABASE = "postgresql://none.invalid/none"  # all else is checked before ours is started
_NOBODY = "http://nobody.invalid"  # messages are written to the terminal then
_OPTIONS = {
    "DATABASE_URL": "--database-url",
    "MAIL_URL": "--mail",
    "ISSUER": "--issuer",
    "ADMIN_EMAIL": "--admin",
    "ADMIN_PASSWORD": "$ADMIN_PASSWORD",
}
_PLACES = {"confirm": ("POST", "/v1/confirmations", {}), "reset": ("PUT", "/v1/password-resets", {"new": "…"})}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=_PORT, show_default=True, help="The port, on 127.0.0.1.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of its data.  [default: identity in CLIMB_HOME]",
)
@click.option("--database-url", envvar="DATABASE_URL", metavar="URL", help="A PostgreSQL, instead of one of its own.")
@click.option("--mail", metavar="URL", help="Where messages to people are posted, instead of written here.")
@click.option("--issuer", metavar="URL", help="The address by which clients know it.  [default: http://127.0.0.1:PORT]")
@click.option(
    "--admin",
    metavar="EMAIL",
    help="Make an account with the role admin, if nobody has this address. Its password is $ADMIN_PASSWORD, or one made up.",
)
def identity(
    port: int, data: Path | None, database_url: str | None, mail: str | None, issuer: str | None, admin: str | None
) -> int:
    """Register people, log them in, and sign tokens that other services check by themselves. Ctrl-C ends it.

    Nothing need be installed or running: it starts a PostgreSQL of its own, keeps its data in a folder, writes messages to the
    terminal instead of mailing them, and prints how to register with curl.

    \b
    Examples:
      climb serve identity
      climb serve identity --port 8000 --data ./identity --admin me@example.org
      climb serve identity --database-url postgresql://me:secret@db.example.org/identity --mail http://127.0.0.1:8025/messages
    """
    from climb.stack.local import database
    from climb.stack.settings import read_settings
    from climb.stack.telemetry.logs import set_up_logs
    from climb.systems.identity.service import run
    from climb.systems.identity.settings import Settings

    set_up_logs(level=logging.WARNING)
    address = f"http://{HOST}:{port}"
    with ExitStack() as stack:
        stack.enter_context(told(_OPTIONS))
        demand_port("identity", port)
        folder = data_folder(data, "identity")
        given = {"DATABASE_URL": database_url} if database_url else {}
        environment = {
            "PORT": str(port),
            "DATABASE_URL": _NO_DATABASE,
            **given,
            "MAIL_URL": mail or _NOBODY,
            **({"ISSUER": issuer} if issuer else {}),
            **(_administrator(admin, folder) if admin else {}),
        }
        read_settings(Settings, environment=environment)
        say_start(folder, "the database" if database_url else None)
        environment["DATABASE_URL"] = stack.enter_context(database(folder=folder / "database", environment=given))
        return run(
            read_settings(Settings, environment=environment),
            deliver=None if mail else _written(address),
            ready=lambda: _tell(address, folder, mail, admin),
        )


def _administrator(email: str, folder: Path) -> dict[str, str]:
    from climb.stack.accounts import secret_word

    password = os.environ.get("ADMIN_PASSWORD") or secret_word(folder / "admin-password", None)
    return {"ADMIN_EMAIL": email, "ADMIN_PASSWORD": password}


def _written(address: str) -> Deliver:
    """Messages are written to the terminal, with the request that they are for."""

    async def deliver(message: Message) -> None:
        click.echo(f"\nMessage to {printable(message.to)}: {message.kind}")
        if message.kind in _PLACES and message.token is not None:
            method, path, more = _PLACES[message.kind]
            click.echo(f"  {_curl(method, address + path, {'token': message.token, **more})}")

    return deliver


def _curl(method: str, url: str, body: dict[str, str]) -> str:
    chosen = "" if method == "POST" else f"-X {method} "
    said = shlex.quote(json.dumps(body, ensure_ascii=False))
    return f'curl -s {chosen}-H "Content-Type: application/json" -d {said} {url}'


def _tell(address: str, folder: Path, mail: str | None, admin: str | None) -> None:
    say: Callable[[str], None] = click.echo
    say(f"Identity is at {address}, and what there is to ask for at {address}/docs   (Ctrl-C ends it)")
    say(f"Messages to people are {f'posted to {printable(mail)}' if mail else 'written here'}.")
    if admin:
        word = (
            "in $ADMIN_PASSWORD"
            if os.environ.get("ADMIN_PASSWORD")
            else f"in {printable(str(folder / 'admin-password'))}"
        )
        say(f"Admin: {printable(admin)}, whose first password is {word}")
    person = {"email": "ada@example.org", "password": "correct horse battery"}
    say("\nRegister, do what the message says, and log in:\n")
    say(f"  {_curl('POST', f'{address}/v1/registrations', person)}")
    say(f"  {_curl('POST', f'{address}/v1/sessions', person)}")
