"""The contract of a service, ``openapi.yaml``: served as it is, and as a page to read that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climb.stack.http.conditions import not_modified, tag

__all__ = ["contract_routes"]

_YAML = "application/yaml"  # RFC 9512
_HTML = "text/html; charset=utf-8"
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def contract_routes(file: Path) -> list[Route]:
    """``/openapi.yaml`` and ``/docs``, read from the file now."""
    from climb.stack.http.reading_page import reading_page

    text = file.read_bytes()
    return [
        Route("/openapi.yaml", _fixed(text, _YAML)),
        Route("/docs", _fixed(reading_page(text.decode()).encode(), _HTML)),
    ]


def _fixed(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    headers = {"ETag": tag(content), "Cache-Control": "no-cache", "Content-Type": media_type, **_SECURITY}

    async def fixed(request: Request) -> Response:
        return not_modified(request, headers["ETag"], headers) or Response(content, headers=headers)

    return fixed
