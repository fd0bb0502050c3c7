"""The name of a route: its template, which is the same for all who ask for one of its resources."""

from __future__ import annotations

import re
from functools import lru_cache

from starlette.types import Scope

__all__ = ["route_template"]

_CONVERTER = re.compile(r":[a-z]+}")


def route_template(scope: Scope) -> str:
    """``/v1/links/{code}``, without Starlette's converters; empty while no route is found."""
    return _plain(getattr(scope.get("route"), "path", ""))


@lru_cache(maxsize=1024)
def _plain(path: str) -> str:
    return _CONVERTER.sub("}", path)
