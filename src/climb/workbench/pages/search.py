"""Search in everything."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.course.plain import one_line
from climb.progress.search import MOST, Kind, near, search
from climb.workbench.templating import page

__all__ = ["ROUTES"]

_KINDS = {Kind.ENTRY: "journal entry"}
_EXAMPLES = ("handshake", "ECONNREFUSED", "filtered", "page cache")


async def show(request: Request) -> Response:
    """What was found for ``?q=``; with scripts the same page is asked for while somebody types."""
    home = request.app.state.settings.home
    text = one_line(request.query_params.get("q", ""))
    hits = search(home, text)
    return page(
        request,
        "search.html",
        text=text,
        found=_found(text, len(hits)),
        hits=hits,
        near=near(home, text) if text and not hits else [],
        kinds={kind: _KINDS.get(kind, kind.value) for kind in Kind},
        examples=_EXAMPLES,
    )


def _found(text: str, number: int) -> str:
    """How much was found, as a sentence."""
    if not text:
        return ""
    if number == MOST:
        return f"The {MOST} closest results for “{text}”."
    results = {0: "Nothing", 1: "One result"}.get(number, f"{number} results")
    return f"{results} for “{text}”."


ROUTES = [Route("/search", show)]
