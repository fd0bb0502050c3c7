"""Pages from templates: everything is escaped, and an unknown name is a mistake, not an empty place."""

from __future__ import annotations

import time
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from climb import __version__
from climb.workbench.render import filters

__all__ = ["fragment", "page"]

_ENVIRONMENT = Environment(
    loader=PackageLoader("climb.workbench"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(filters.FILTERS)
_ENVIRONMENT.globals["version"] = __version__


def page(request: Request, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page. ``Server-Timing`` says how long the server took, from the request's arrival."""
    state = request.app.state
    text = _ENVIRONMENT.get_template(template).render(
        token=state.settings.token, path=request.url.path, jobs=state.jobs, **values
    )
    took = (time.perf_counter() - request.state.arrived) * 1000
    return HTMLResponse(text, status, {"Server-Timing": f"page;dur={took:.1f}"})


def fragment(template: str, part: str, /, **values: Any) -> str:
    """One macro of a template, rendered: for the pieces of a page that change while it is open."""
    module = _ENVIRONMENT.get_template(template).module
    return str(getattr(module, part)(**values))
