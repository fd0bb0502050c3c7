"""The page of all runs, the newest first; the one under way and those in line on top."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.progress.history import run_summaries
from climb.workbench.templating import page

__all__ = ["ROUTES"]

_A_PAGE = 50


async def show(request: Request) -> Response:
    """Fifty runs from the one that ``?from=`` says."""
    runs = run_summaries(request.app.state.settings.home)[::-1]
    text = request.query_params.get("from", "0")
    begin = int(text) if text.isdecimal() and len(text) < 9 else 0
    return page(
        request,
        "runs.html",
        runs=runs[begin : begin + _A_PAGE],
        total=len(runs),
        begin=begin,
        earlier=begin + _A_PAGE if begin + _A_PAGE < len(runs) else None,
        later=max(begin - _A_PAGE, 0) if begin else None,
    )


ROUTES = [Route("/runs", show)]
