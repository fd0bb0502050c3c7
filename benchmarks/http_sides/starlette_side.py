"""The same answers by Starlette on uvicorn, with its fastest parts: ``starlette_side.py PORT ROOT``."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


async def healthz(_: Request) -> PlainTextResponse:
    """Answer as ours does."""
    return PlainTextResponse("ok")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/healthz", healthz), Mount("/files", StaticFiles(directory=sys.argv[2]))])
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="error",
        loop="uvloop",
        http="httptools",
        lifespan="off",
        timeout_keep_alive=300,
    )
