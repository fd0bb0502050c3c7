"""A module's page, and the pages about the course as a whole."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.course.loader import course
from climb.journal.entries import entries
from climb.progress.concept_labs import labs_about
from climb.workbench.standing import standing_of
from climb.workbench.system_pages import SYSTEM_PAGES
from climb.workbench.templating import page

__all__ = ["ROUTES"]


async def module(request: Request) -> Response:
    """Overview, concepts, labs, projects, readings, prompts and the entries that answer them."""
    name = request.path_params["module"]
    found = course().modules.get(name)
    if found is None:
        raise HTTPException(404, f"There is no module {name!r}; there is: {', '.join(course().modules)}.")
    standing, _ = standing_of(request)
    concepts = {slug: course().concepts[slug] for slug in found.concepts}
    return page(
        request,
        "module.html",
        course=course(),
        module=found,
        track=next((track for track in course().tracks.values() if name in track.modules), None),
        concepts=concepts,
        standing=standing,
        mine=standing.modules[name],
        system_pages=SYSTEM_PAGES,
        labs=labs_about(course(), list(concepts.values())),
        entries=[entry for entry in entries(request.app.state.settings.home) if entry.module == name],
    )


async def about(request: Request) -> Response:
    """A page about the course as a whole."""
    name = request.path_params["page"]
    found = course().pages.get(name)
    if found is None:
        raise HTTPException(404, f"There is no page {name!r}.")
    return page(request, "about.html", about=found)


ROUTES = [Route("/modules/{module}", module), Route("/pages/{page}", about)]
