"""Both services' few routes by FastAPI on uvicorn, with its fastest parts: ``fastapi_side.py PORT``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from peer import NobodyError, Peer, TakenError, serve
from pydantic import BaseModel, ConfigDict, Field, HttpUrl

peer = Peer()


@contextlib.asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    await peer.open()
    yield
    await peer.close()


app = FastAPI(lifespan=_lifespan)


class NewLink(BaseModel):
    """A link to be made."""

    model_config = ConfigDict(extra="forbid")
    url: HttpUrl
    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{3,32}$")] | None = None
    expires_at: datetime | None = None


class Link(BaseModel):
    """A link that is there."""

    code: str
    short_url: str
    url: str
    owner: str
    created_at: datetime
    expires_at: datetime | None
    clicks: int


class Login(BaseModel):
    """Who wants in."""

    model_config = ConfigDict(extra="forbid")
    email: str
    password: str


async def _owner(authorization: Annotated[str | None, Header()] = None) -> str:
    return peer.owner(authorization)


Owner = Annotated[str, Depends(_owner)]


@app.exception_handler(NobodyError)
async def _nobody(_: Request, __: NobodyError) -> Response:
    return JSONResponse({"title": "Unauthorized"}, 401, {"WWW-Authenticate": "Bearer"})


@app.get("/healthz")
async def healthz() -> str:
    """Answer as ours does."""
    return "ok"


@app.post("/v1/links", status_code=201)
async def make(link: NewLink, owner: Owner, response: Response) -> Link:
    """Make a link."""
    try:
        made = await peer.made(str(link.url), link.code, link.expires_at, owner)
    except TakenError:
        raise HTTPException(409) from None
    response.headers["Location"] = f"/v1/links/{made['code']}"
    return Link(**made)


@app.post("/v1/sessions")
async def log_in(login: Login) -> dict[str, Any]:
    """Log in."""
    return await peer.logged_in(login.email, login.password)


@app.get("/v1/users/me")
async def me(owner: Owner) -> dict[str, Any]:
    """Show the account."""
    return await peer.account(owner)


@app.get("/{code}")
async def follow(code: str) -> Response:
    """Follow a link."""
    url = await peer.followed(code)
    if url is None:
        raise HTTPException(404)
    return RedirectResponse(url, 302, {"Cache-Control": "no-store"})


if __name__ == "__main__":
    serve(app)
