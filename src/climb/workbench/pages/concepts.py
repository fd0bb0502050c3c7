"""A concept's page, and its question."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from climb.course.loader import course
from climb.course.model import Concept
from climb.errors import UsageError
from climb.progress.answers import answers, record
from climb.progress.concept_labs import labs_about
from climb.workbench import forms
from climb.workbench.pages.labs import last_of
from climb.workbench.templating import page

__all__ = ["ROUTES"]


async def show(request: Request) -> Response:
    """The page, the labs that measure it, the question with the answer that was given."""
    concept = _concept(request)
    if concept.slug != request.path_params["concept"]:
        return RedirectResponse(f"/concepts/{concept.slug}", 301)
    given = answers(request.app.state.settings.home).get(concept.slug)
    return _page(request, concept, given=given, problem="")


async def answer(request: Request) -> Response:
    """Judge the answer, and show what it teaches."""
    form = await forms.action(request)
    concept = _concept(request)
    if concept.question is None:
        raise HTTPException(404, f"{concept.title} has no question yet.")
    try:
        given = record(request.app.state.settings.home, concept.slug, concept.question, forms.text(form, "answer"))
    except UsageError as error:
        return _page(request, concept, given=None, problem=str(error))
    return _page(request, concept, given=given, problem="")


def _page(request: Request, concept: Concept, **values: object) -> Response:
    home = request.app.state.settings.home
    return page(
        request,
        "concept.html",
        course=course(),
        concept=concept,
        modules=course().modules_with(concept),
        following=course().following(concept),
        labs=[(lab, last_of(home, lab)) for lab in labs_about(course(), [concept])],
        values=values,
    )


def _concept(request: Request) -> Concept:
    name = request.path_params["concept"]
    found = course().concept(name)
    if found is None:
        raise HTTPException(404, f"There is no concept {name!r}.")
    return found


ROUTES = [Route("/concepts/{concept}", show), Route("/concepts/{concept}", answer, methods=["POST"])]
