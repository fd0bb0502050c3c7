"""The first page: the way through the course, the next step, the last runs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.course.loader import course
from climb.progress.next_step import next_step
from climb.workbench.standing import standing_of
from climb.workbench.templating import page

__all__ = ["ROUTES"]

_LAST = 3


async def show(request: Request) -> Response:
    """Both tracks, the next step, the last three runs."""
    standing, runs = standing_of(request)
    return page(
        request,
        "route.html",
        course=course(),
        standing=standing,
        step=next_step(course(), standing, runs),
        last=runs[: -_LAST - 1 : -1],
        newcomer=not runs and not standing.answers,
    )


ROUTES = [Route("/", show)]
