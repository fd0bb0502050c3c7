"""A program that serves: it has its port before anything else, answers until it is told to stop, and finishes what it has begun."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Generator
from dataclasses import dataclass, field

import uvicorn
import uvloop
from starlette.types import ASGIApp

from climb.stack.http.protocol import Bounds, bounded_protocol

__all__ = ["Serving", "serve"]

_log = logging.getLogger(__name__)
_LOOK_S = 0.02


@dataclass(frozen=True)
class Serving:
    """Where a service listens, what its clients may take, and how it ends."""

    port: int
    host: str = "127.0.0.1"
    bounds: Bounds = field(default_factory=Bounds)
    idle_s: int = 60
    """how long a connection may be idle between requests"""
    linger_s: float = 0.5
    """how long open connections may still bring a request after the signal to stop: each is answered, and its connection ended"""
    drain_s: int = 7
    """how long requests may take then"""


def serve(app: ASGIApp, serving: Serving) -> int:
    """Serve until SIGTERM or SIGINT; the exit code: 0, or 2 if the port can't be had, which is said in one line."""
    try:
        listener = _bound(serving)
    except OSError as error:
        print(f"PORT={serving.port}: {serving.host} has no such port to give: {error.strerror}", file=sys.stderr)
        return 2
    gc.freeze()  # what was imported stays; the collector need not look at it again and again
    server = _Server(_configuration(app, serving), serving.linger_s)
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(server.serve([listener]))
        except SystemExit:  # uvicorn's word for an application that did not start, which was logged
            return 1
    return 0


def _bound(serving: Serving) -> socket.socket:
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((serving.host, serving.port))
        listener.listen(4096)  # the kernel cuts that to net.core.somaxconn
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _configuration(app: ASGIApp, serving: Serving) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # its other lines are about things that clients do
    return uvicorn.Config(
        app,
        http=bounded_protocol(serving.bounds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # a line for each request costs as much as a small request
        proxy_headers=False,  # anyone can write X-Forwarded-For
        server_header=False,
        timeout_keep_alive=serving.idle_s,
        timeout_graceful_shutdown=serving.drain_s,
        backlog=4096,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which ends in two steps: first it answers what still comes on open connections, then it closes them.

    A client may have sent a request just before it sees its connection closed. It can't know whether that was done. So for
    a moment each connection is ended by an answer that says so (RFC 9112, 9.6), and only then the silent ones are.
    """

    def __init__(self, config: uvicorn.Config, linger_s: float) -> None:
        super().__init__(config)
        self._linger_s = linger_s

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Like uvicorn's, without raising the signal again at the end: to stop when told so is a success."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True

    async def main_loop(self) -> None:
        """As uvicorn's, but it sees sooner that it is to stop."""
        tick = 0
        while not await self.on_tick(tick % 50 and 1):  # the date is renewed at 0 only
            tick += 1
            await asyncio.sleep(_LOOK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.server_state.draining = True  # type: ignore[attr-defined]  # read by our protocol
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._linger_s
        while self.server_state.connections and loop.time() < end:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(_LOOK_S)
        await super().shutdown(sockets)
