"""climb list: what there is, and how far you are."""

from __future__ import annotations

import difflib

import click
from rich.console import RenderableType

from climb.cli import listing
from climb.cli.complete import listed
from climb.cli.console import print_json
from climb.cli.listing_documents import lab_documents, module_document, project_documents, track_document
from climb.cli.prose import rendered
from climb.cli.readable import find_readable
from climb.cli.standing import StandingHere, standing_here
from climb.course.loader import course
from climb.errors import UsageError
from climb.judge.project import load, slugs
from climb.labs import lab as labs

__all__ = ["list_command"]

_WIDTH = 98


@click.command("list")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=listed)
@click.option("--json", is_flag=True, help="Print a JSON document.")
def list_command(name: str | None, json: bool) -> None:
    """List tracks, modules, projects and labs with your progress; or what NAME has: a project, a module, a track, or labs.

    \b
    Examples:
      climb list
      climb list scanner
      climb list 1.1
      climb list labs
    """
    now = standing_here()
    if json:
        print_json(_document(name, now))
    else:
        click.echo(rendered(*_parts(name, now), width=_WIDTH), nl=False)


def _parts(name: str | None, now: StandingHere) -> list[RenderableType]:
    if name is None:
        return listing.everything(now)
    if name in slugs():
        return listing.project_list(load(name), now)
    if name in course().modules:
        return listing.module_list(name, now)
    if name in course().tracks:
        return listing.track_list(course().tracks[name], now)
    if name == "labs":
        return listing.lab_list([labs.find(slug) for slug in labs.slugs()], now)
    if name in course().projects:
        return listing.planned_project(name)
    raise _unknown(name)


def _document(name: str | None, now: StandingHere) -> object:
    if name is None or name in slugs():
        return project_documents([load(slug) for slug in slugs() if name in (None, slug)], now)
    if name in course().modules:
        return module_document(name, now)
    if name in course().tracks:
        return track_document(course().tracks[name], now)
    if name == "labs":
        return lab_documents(labs.slugs(), now)
    if name in course().projects:
        raise UsageError(f"the project {name!r} is to come; there is: {', '.join(slugs())}", next_step="climb list")
    raise _unknown(name)


def _unknown(name: str) -> UsageError:
    kinds = {"projects": [*slugs()], "modules": [*course().modules], "tracks": [*course().tracks], "also": ["labs"]}
    lines = "".join(f"\n  {kind:<9}{', '.join(names)}" for kind, names in kinds.items())
    return UsageError(f"there is no project {name!r}, and no module or track; there is{lines}", next_step=_meant(name))


def _meant(name: str) -> str:
    """What to type for a name that is known elsewhere, or for the nearest one that is listed."""
    elsewhere = [f"climb read {name}"] if find_readable(name) else []
    elsewhere += [f"climb lab {name}"] if name in labs.slugs() else []
    listed = [*slugs(), *course().modules, *course().tracks, *course().projects, "labs"]
    near = [f"climb list {each}" for each in difflib.get_close_matches(name, listed, n=1)]
    return "   or ".join(elsewhere or near or ["climb list"])
