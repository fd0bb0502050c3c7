"""The same routes by Starlette on uvicorn, checked by hand: ``starlette_side.py PORT``."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import urlsplit

from peer import NobodyError, Peer, TakenError, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

peer = Peer()
CODE = re.compile(r"[0-9A-Za-z_-]{3,32}")


@contextlib.asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    await peer.open()
    yield
    await peer.close()


async def healthz(_: Request) -> Response:
    """Answer as ours does."""
    return PlainTextResponse("ok")


async def make(request: Request) -> Response:
    """Make a link."""
    owner = peer.owner(request.headers.get("authorization"))
    try:
        given = json.loads(await request.body())
        url, code, ends = given.pop("url"), given.pop("code", None), given.pop("expires_at", None)
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and (code is None or CODE.fullmatch(code))
        expires_at = datetime.fromisoformat(ends) if ends is not None else None
        if given or not right:
            return JSONResponse({"title": "Unprocessable"}, 422)
    except (ValueError, KeyError, TypeError, AttributeError):
        return JSONResponse({"title": "Unprocessable"}, 422)
    try:
        made = await peer.made(url, code, expires_at, owner)
    except TakenError:
        return JSONResponse({"title": "Conflict"}, 409)
    made["created_at"], made["expires_at"] = made["created_at"].isoformat(), ends
    return JSONResponse(made, 201, {"Location": f"/v1/links/{made['code']}"})


async def log_in(request: Request) -> Response:
    """Log in."""
    given = json.loads(await request.body())
    return JSONResponse(await peer.logged_in(given["email"], given["password"]))


async def me(request: Request) -> Response:
    """Show the account."""
    return JSONResponse(await peer.account(peer.owner(request.headers.get("authorization"))))


async def follow(request: Request) -> Response:
    """Follow a link."""
    url = await peer.followed(request.path_params["code"])
    if url is None:
        return JSONResponse({"title": "Not Found"}, 404)
    return RedirectResponse(url, 302, {"Cache-Control": "no-store"})


async def nobody(_: Request, __: Exception) -> Response:
    """Say that the token, or the password, is not good."""
    return JSONResponse({"title": "Unauthorized"}, 401, {"WWW-Authenticate": "Bearer"})


if __name__ == "__main__":
    routes = [
        Route("/healthz", healthz),
        Route("/v1/links", make, methods=["POST"]),
        Route("/v1/sessions", log_in, methods=["POST"]),
        Route("/v1/users/me", me),
        Route("/{code}", follow),
    ]
    serve(Starlette(routes=routes, lifespan=_lifespan, exception_handlers={NobodyError: nobody}))
