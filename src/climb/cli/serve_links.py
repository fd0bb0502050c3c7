"""climb serve links: the link shortener, with all that it stands on, until Ctrl-C."""

from __future__ import annotations

import logging
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from climb.cli.serving import HOST, data_folder, demand_port, say_start, told

if TYPE_CHECKING:
    from climb.systems.links.alone import OwnIssuer
    from climb.systems.links.settings import Settings

__all__ = ["links"]

_PORT = 8080
_PERSON = "owner"
_NO_SERVERS = {"DATABASE_URL": "postgresql://none.invalid/none", "CACHE_URL": "redis://none.invalid"}
_OPTIONS = {
    "DATABASE_URL": "--database-url",
    "CACHE_URL": "--cache-url",
    "DATA_DIR": "--data",
    "ISSUER": "--issuer",
    "JWKS_URL": "--jwks-url",
    "PUBLIC_URL": "--public-url",
}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=_PORT, show_default=True, help="The port, on 127.0.0.1.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of its data.  [default: links in CLIMB_HOME]",
)
@click.option("--database-url", envvar="DATABASE_URL", metavar="URL", help="A PostgreSQL, instead of one of its own.")
@click.option("--cache-url", envvar="CACHE_URL", metavar="URL", help="A Valkey or Redis, instead of one of its own.")
@click.option(
    "--issuer", metavar="URL", help="Whose tokens it takes, such as those of climb serve identity; else its own."
)
@click.option("--jwks-url", metavar="URL", help="Where the issuer's keys are, if not below its address.")
@click.option(
    "--public-url",
    metavar="URL",
    help="The address under which short links are known.  [default: http://127.0.0.1:PORT]",
)
@click.option(
    "--stale-ms",
    type=click.IntRange(100),
    default=2000,
    show_default=True,
    help="How long a changed link may be followed as before.",
)
@click.option("--allow-private", is_flag=True, help="Take targets in private networks.")
def links(
    port: int,
    data: Path | None,
    database_url: str | None,
    cache_url: str | None,
    issuer: str | None,
    jwks_url: str | None,
    public_url: str | None,
    stale_ms: int,
    allow_private: bool,
) -> None:
    """Shorten links, and count who follows them. Ctrl-C ends it.

    Nothing need be installed or running: it starts a PostgreSQL and a Valkey of its own, keeps its data in a folder, and prints a token
    to make links with.

    \b
    Examples:
      climb serve links
      climb serve links --port 8000 --data ./links
      climb serve links --issuer http://127.0.0.1:8081
    """
    from climb.stack.local import cache, database
    from climb.stack.telemetry.logs import set_up_logs
    from climb.systems.links.alone import OwnIssuer
    from climb.systems.links.service import bound_to, serve
    from climb.systems.links.settings import read_settings

    set_up_logs(level=logging.WARNING)
    with ExitStack() as stack:
        stack.enter_context(told(_OPTIONS))
        demand_port("links", port)
        folder = data_folder(data, "links")
        (folder / "clicks").mkdir(exist_ok=True)
        given = {name: url for name, url in (("DATABASE_URL", database_url), ("CACHE_URL", cache_url)) if url}
        settings = {
            "PORT": str(port),
            **_NO_SERVERS,
            **({"DATABASE_URL": database_url} if database_url else {}),
            "DATA_DIR": str(folder / "clicks"),
            "ISSUER": issuer or f"http://{HOST}:{port}",
            "STALE_MS": str(stale_ms),
            "ALLOW_PRIVATE": str(int(allow_private)),
        }
        settings |= {name: url for name, url in (("JWKS_URL", jwks_url), ("PUBLIC_URL", public_url)) if url}
        read_settings(settings)  # all else is checked before servers are started
        say_start(folder, "database and cache" if len(given) == 2 else None)
        settings["CACHE_URL"] = stack.enter_context(cache(environment=given))
        settings["DATABASE_URL"] = stack.enter_context(database(folder=folder / "database", environment=given))
        read = read_settings(settings)
        alone = None if issuer else OwnIssuer(folder, f"http://{HOST}:{port}")
        serve(read, bound_to(read), keys=alone.keys if alone else None, ready=lambda: _tell(read, alone))


def _tell(settings: Settings, alone: OwnIssuer | None) -> None:
    click.echo(
        f"Short links are at {settings.address}, and what there is to ask for at {settings.address}/docs   (Ctrl-C ends it)"
    )
    if alone is None:
        click.echo(f"Tokens: those of {settings.issuer}")
        return
    token = alone.token(_PERSON)
    click.echo("\nMake a first link, with a token that is good for 30 days:\n")
    click.echo(f"  TOKEN={token}")
    body = shlex.quote('{"url": "https://example.org/", "code": "first"}')
    click.echo(
        f'  curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d {body} {settings.address}/v1/links'
    )
    click.echo(f"  curl -si {settings.address}/first")
