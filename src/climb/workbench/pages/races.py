"""Races: what was raced last, and each with its ratios, its heats and its plots."""

from __future__ import annotations

import contextlib

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.errors import UsageError
from climb.progress.races import find_race, race_folders
from climb.races import store
from climb.races.document import Racing
from climb.races.telling import heats_plot, in_words, table_of
from climb.workbench.templating import page

__all__ = ["ROUTES"]

_SHOWN = 30


async def index(request: Request) -> Response:
    """The newest races, a line each."""
    rows: list[tuple[str, Racing]] = []
    for folder in race_folders(request.app.state.settings.home)[:_SHOWN]:
        with contextlib.suppress(UsageError):  # of another version, or broken: it says nothing
            rows.append((folder.name, store.read(folder)))
    return page(request, "races.html", rows=rows, in_words=in_words)


async def show(request: Request) -> Response:
    """One call of the command: the table, then race by race."""
    folder = find_race(request.app.state.settings.home, request.path_params["name"])
    if folder is None:
        raise HTTPException(404, "There is no such race; it may have been deleted with its folder.")
    racing = store.read(folder)
    races = [(race, heats_plot(race)) for race in racing.races]
    return page(request, "race.html", folder=folder, racing=racing, races=races, table=table_of(racing))


ROUTES = [Route("/races", index), Route("/races/{name}", show)]
