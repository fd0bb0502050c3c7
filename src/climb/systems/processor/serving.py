"""Uvicorn inside a loop of ours: it begins when we say, leaves signals alone, and ends when we say."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

__all__ = ["HttpServer", "http_server"]

_DRAIN_S = 4  # for requests under way when the service stops
_KEEP_ALIVE_S = 75


class _CutAtStop(logging.Filter):
    """Keeps back what uvicorn says of requests that were cut when the time to drain was over, a traceback for each."""

    def filter(self, record: logging.LogRecord) -> bool:
        cut = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
        return not (cut or record.getMessage().endswith("timeout graceful shutdown exceeded"))


_CUT_AT_STOP = _CutAtStop()  # one, which a second server of the same process does not add again


def http_server(app: Starlette, sock: socket.socket) -> HttpServer:
    """Return a server for a bound socket; it listens once it begins."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        http="httptools",
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_DRAIN_S,
    )
    logging.getLogger("uvicorn.error").addFilter(_CUT_AT_STOP)
    return HttpServer(config, sock)


class HttpServer(uvicorn.Server):
    """A server that is a task of ours."""

    def __init__(self, config: uvicorn.Config, sock: socket.socket) -> None:
        super().__init__(config)
        self._socket = sock
        self._task: asyncio.Task[None] | None = None
        self._began = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._began.set()

    async def begin(self) -> None:
        """Return when requests are answered."""
        self._task = asyncio.ensure_future(self.serve(sockets=[self._socket]))
        await self._began.wait()

    async def end(self) -> None:
        """Answer what is under way, for some seconds at most, and return when all connections have ended."""
        self.should_exit = True
        if self._task is not None:
            await self._task
