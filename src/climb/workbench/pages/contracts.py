"""The routes of a project's service, as its openapi.yaml has them: what each takes, and what it answers."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from climb.judge import project as projects
from climb.judge.starter import contract_files
from climb.workbench.templating import page

if TYPE_CHECKING:
    from climb.stack.http.contract_reading import Reading

__all__ = ["ROUTES", "has_contract"]

_NAME = "openapi.yaml"


def has_contract(slug: str) -> bool:
    """Whether the project has routes to be read."""
    return _NAME in contract_files(slug)


async def show(request: Request) -> Response:
    """All routes, to be read."""
    info, file = _found(request)
    contract = await asyncio.to_thread(_read, file, file.stat().st_mtime_ns)
    return page(request, "contract.html", info=info, contract=contract)


async def source(request: Request) -> Response:
    """The file itself, as text that a browser shows."""
    _, file = _found(request)
    return PlainTextResponse(await asyncio.to_thread(file.read_text, encoding="utf-8"))


def _found(request: Request) -> tuple[projects.ProjectInfo, Path]:
    slug = request.path_params["project"]
    file = contract_files(slug).get(_NAME) if slug in projects.slugs() else None
    if file is None:
        raise HTTPException(404, f"There is no project {slug!r} with routes of its own.")
    return projects.find(slug), file


@lru_cache(maxsize=8)
def _read(file: Path, _changed_ns: int) -> Reading:
    """Read once for each change of the file."""
    from climb.stack.http.contract_reading import read_contract  # a parser of YAML, which no other page needs

    return read_contract(file.read_text(encoding="utf-8"))


ROUTES = [
    Route("/projects/{project}/contract", show),
    Route("/projects/{project}/contract/openapi.yaml", source),
]
