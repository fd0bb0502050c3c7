"""The whole workbench, wired in one place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climb.errors import ClimbError, CourseError, SetupError, UsageError
from climb.workbench.jobs import Jobs
from climb.workbench.pages import (
    all_runs,
    checks,
    concepts,
    contracts,
    journal,
    labs,
    modules,
    processor,
    projects,
    races,
    route,
    run,
    sched,
    search,
)
from climb.workbench.schedules.emulator import Emulator
from climb.workbench.security import Guard
from climb.workbench.settings import Settings
from climb.workbench.templating import page

__all__ = ["application"]

_LOG = logging.getLogger("climb.workbench")

_PATIENCE = 2.0  # seconds that a form waits for its run to begin before it shows the line

_PAGES = (
    route,
    modules,
    concepts,
    projects,
    contracts,
    labs,
    journal,
    all_runs,
    races,
    run,
    checks,
    search,
    sched,
    processor,
)


def application(settings: Settings) -> Starlette:
    """The workbench for ``settings``. ``app.state.closing`` is set to end the pages that stay open."""
    routes: list[BaseRoute] = [route for module in _PAGES for route in module.ROUTES]
    routes.append(Mount("/static", StaticFiles(packages=[("climb.workbench", "static")]), name="static"))

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with app.state.jobs.serving(), app.state.emulator.serving():
            yield

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Guard, settings=settings), Middleware(_Clock), Middleware(_Mistakes)],
        exception_handlers={HTTPException: _not_done, ClimbError: _not_done},
    )
    app.state.settings = settings
    app.state.jobs = Jobs()
    app.state.emulator = Emulator()
    app.state.closing = asyncio.Event()
    app.state.patience = _PATIENCE
    return app


class _Clock:
    """Notes when a request arrived, so that its page can say how long it took."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["arrived"] = time.perf_counter()
        await self._app(scope, receive, send)


class _Mistakes:
    """Answers for what nobody expected, within the guard: Starlette's own answer would lack the guard's headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            _LOG.exception("%s %s", scope["method"], scope["path"])
            answer = await _not_done(Request(scope, receive), error)
            await answer(scope, receive, send)


_STATUS = {UsageError: 400, SetupError: 503, CourseError: 500}


async def _not_done(request: Request, error: Exception) -> Response:
    """An error as a page that says what was wrong and what to try."""
    if isinstance(error, HTTPException):
        return page(request, "error.html", status=error.status_code, reason=str(error.detail), next_step="")
    home = request.app.state.settings.home
    if isinstance(error, OSError) and str(error.filename or "").startswith(str(home)):
        error = SetupError(f"{error.filename} can't be used: {error.strerror}", next_step=f"make {home} yours again")
    if not isinstance(error, ClimbError):
        reason = f"The workbench made a mistake: {error!r}. Please report it with the lines in its terminal."
        return page(request, "error.html", status=500, reason=reason, next_step="")
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    return page(request, "error.html", status=status, reason=str(error), next_step=error.next_step or "")
