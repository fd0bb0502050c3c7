"""The first page: the way through the course, the next step, the last runs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.progress.history import run_summaries
from climb.workbench.templating import page

__all__ = ["ROUTES"]


async def show(request: Request) -> Response:
    """Both tracks, the next step, the last three runs."""
    summaries = run_summaries(request.app.state.settings.home)
    return page(request, "route.html", last=summaries[:-4:-1])


ROUTES = [Route("/", show)]
