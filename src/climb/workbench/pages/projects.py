"""A project's page: the brief, the stages with their state, how to start, and its runs."""

from __future__ import annotations

import shutil
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from climb.course.loader import course
from climb.judge import project as projects
from climb.judge.project import Project
from climb.judge.starter import make_folder
from climb.progress.folders import remember
from climb.workbench import forms
from climb.workbench.pages.contracts import has_contract
from climb.workbench.standing import standing_of
from climb.workbench.system_pages import SYSTEM_PAGES
from climb.workbench.templating import page

__all__ = ["ROUTES"]

_RUNS_SHOWN = 10


async def show(request: Request) -> Response:
    """The project as it is for this learner."""
    slug = request.path_params["project"]
    if slug not in projects.slugs():
        return _to_come(request, slug)
    project = projects.load(slug)
    standing, runs = standing_of(request)
    mine = [run for run in reversed(runs) if run.project == slug]
    return page(
        request,
        "project.html",
        project=project,
        brief=project.brief,
        tour=_tour(project),
        has_contract=has_contract(slug),
        system_page=SYSTEM_PAGES.get(slug),
        standing=standing.projects[slug],
        runs=mine[:_RUNS_SHOWN],
        folder=str(request.app.state.settings.start / slug),
        missing={name: _missing(language.needs) for name, language in project.info.languages.items()},
    )


async def start(request: Request) -> Response:
    """Make a folder with a starter."""
    form = await forms.action(request)
    info = projects.find(request.path_params["project"])
    folder = forms.folder(request, form)
    make_folder(info, forms.text(form, "language"), folder)
    remember(request.app.state.settings.home, folder)
    return page(
        request,
        "started.html",
        info=info,
        folder=folder.resolve(),
        language=forms.text(form, "language"),
        files=_files(folder),
    )


def _files(folder: Path) -> list[str]:
    """What a newcomer finds in a new folder, by its path there."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(file) for file in files if not file.name.startswith("."))


def _tour(project: Project) -> str:
    """How our own system does it, for those whose program holds every stage; empty if there is no tour."""
    path = project.folder / "tour.md"
    return path.read_text(encoding="utf-8").partition("\n")[2] if path.is_file() else ""


def _missing(needs: tuple[str, ...]) -> list[str]:
    return [tool for tool in needs if shutil.which(tool) is None]


def _to_come(request: Request, slug: str) -> Response:
    planned = course().projects.get(slug)
    if planned is None:
        raise HTTPException(404, f"There is no project {slug!r}; there is: {', '.join(projects.slugs())}.")
    modules = [module for module in course().modules.values() if slug in module.projects]
    return page(request, "project_to_come.html", planned=planned, modules=modules)


ROUTES = [
    Route("/projects", lambda _request: RedirectResponse("/")),
    Route("/projects/{project}", show),
    Route("/projects/{project}/start", start, methods=["POST"]),
]
