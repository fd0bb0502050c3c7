"""An identity service that keeps nothing yet: it answers every registration with 202, and tells nobody."""

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
MAIL_URL = text("MAIL_URL", "http://…", r"https?://.+")
ISSUER = text("ISSUER", "an address without a path", r"https?://[^/?#]+", f"http://127.0.0.1:{PORT}")
ADMIN_EMAIL = text("ADMIN_EMAIL", "an address", r".+", "")
ADMIN_PASSWORD = text("ADMIN_PASSWORD", "a password", r"(?s).+", "")
ACCESS_S = number("ACCESS_S", 300, 1, 3600)
REFRESH_S = number("REFRESH_S", 2592000, 1)
LINK_S = number("LINK_S", 900, 1)
CODE_S = number("CODE_S", 60, 1, 600)
FAILURES = number("FAILURES", 5, 1, 100)
LOCK_S = number("LOCK_S", 60, 1)
if bool(ADMIN_EMAIL) != bool(ADMIN_PASSWORD):
    refuse("ADMIN_PASSWORD" if ADMIN_EMAIL else "ADMIN_EMAIL", "both or none of ADMIN_EMAIL and ADMIN_PASSWORD")


def problem(status: int, title: str, headers: dict[str, str] | None = None) -> Response:
    """What is answered when something is wrong (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def add(request: Request) -> Response:
    # Begin here: read the body, and say what is wrong with it (400, 415, 422). Then keep the registration with the hash of
    # its password and of a token, and post the message with the token to MAIL_URL, without letting this request wait for it.
    return JSONResponse({}, status_code=202)


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
    Route("/v1/registrations", add, methods=["POST"]),
]
app = Starlette(routes=ROUTES, exception_handlers={HTTPException: refused}, lifespan=lifespan)

if __name__ == "__main__":
    # uvicorn stops in good order at SIGTERM, and then raises the signal once more: for this handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", timeout_graceful_shutdown=8)
