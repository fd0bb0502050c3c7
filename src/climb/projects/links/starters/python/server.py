"""A link shortener that keeps nothing yet: it answers every new link with 201, and knows no code."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


def refuse(name: str, expected: str) -> None:
    """Ends the program, since a variable is missing or wrong."""
    print(f"{name}: expected {expected}, got {os.environ.get(name, 'nothing')!r}", file=sys.stderr)
    sys.exit(2)


def text(name: str, expected: str, form: str, default: str | None = None) -> str:
    """A variable that looks like ``form``, or its default."""
    value = os.environ.get(name)
    if value is None and default is not None:
        return default
    if value is None or not re.fullmatch(form, value):
        refuse(name, expected)
    return value


def number(name: str, default: int | None, least: int, most: int = 2**31 - 1) -> int:
    """A variable that is a whole number, or its default."""
    written = text(name, f"a whole number from {least} to {most}", r"[0-9]{1,10}", None if default is None else str(default))
    if not least <= int(written) <= most:
        refuse(name, f"a whole number from {least} to {most}")
    return int(written)


PORT = number("PORT", None, 1, 65535)
DATABASE_URL = text("DATABASE_URL", "postgresql://…", r"postgres(ql)?://.+")
CACHE_URL = text("CACHE_URL", "redis://…", r"redis://.+")
DATA_DIR = text("DATA_DIR", "an existing folder", r".+")
ISSUER = text("ISSUER", "an http address", r"https?://.+")
JWKS_URL = text("JWKS_URL", "an http address", r"https?://.+", f"{ISSUER}/.well-known/jwks.json")
PUBLIC_URL = text("PUBLIC_URL", "an http address without a / at its end", r"https?://.*[^/]", f"http://127.0.0.1:{PORT}")
STALE_MS = number("STALE_MS", 2000, 100)
ALLOW_PRIVATE = number("ALLOW_PRIVATE", 0, 0, 1)
if not os.path.isdir(DATA_DIR):
    refuse("DATA_DIR", "an existing folder")


def problem(status: int, title: str, headers: dict[str, str] | None = None) -> Response:
    """What is answered when something is wrong (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def add(request: Request) -> Response:
    # Begin here: check the token (401), read the body, and say what is wrong with it (400, 415, 422). Then insert the link,
    # and answer with all of it and its Location. GET /{code} comes next.
    return JSONResponse({}, status_code=201)


async def healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    try:
        async with asyncio.timeout(1):
            await request.app.state.pool.fetchval("SELECT 1")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return problem(503, "The database does not answer", {"Retry-After": "1"})
    return PlainTextResponse("ok")


async def refused(request: Request, error: HTTPException) -> Response:
    return problem(error.status_code, error.detail, error.headers)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Connections are made when they are needed: at the start the database may not be there yet. Make your tables here."""
    async with asyncpg.create_pool(DATABASE_URL, min_size=0, max_size=10, timeout=2, command_timeout=2) as app.state.pool:
        yield


ROUTES = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/v1/links", add, methods=["POST"]),
]
app = Starlette(routes=ROUTES, exception_handlers={HTTPException: refused}, lifespan=lifespan)

if __name__ == "__main__":
    # uvicorn stops in good order at SIGTERM, and then raises the signal once more: for this handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", timeout_graceful_shutdown=8)
