"""Serve the workbench until Ctrl-C or SIGTERM, then end everything it started."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from climb.errors import SetupError
from climb.workbench.app import application
from climb.workbench.settings import HOST, Settings

__all__ = ["home_token", "listening_socket", "serve"]

_DRAIN_SECONDS = 5  # for requests under way; a form's answer takes two at most


def serve(settings: Settings, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Answer on ``listener`` until a signal ends it; ``on_ready`` is called once pages can be opened.

    A signal is the normal way to end, so this returns then, with everything ended that it started.
    """
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # its warnings: that a page was closed while it was written to
    app = application(settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        ws="none",
        # Named, so that it does not depend on what else is installed: pages have time, and h11 takes what HTTP allows and no more.
        http="h11",
        loop="asyncio",
        lifespan="on",
    )
    with contextlib.suppress(KeyboardInterrupt):  # Uvicorn raises the signal again once all is ended
        _Server(config, app, on_ready).run(sockets=[listener])


def listening_socket(port: int) -> socket.socket:
    """A socket on 127.0.0.1 and no other address; port 0 means any free one.

    Raises SetupError if the port is taken.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by every connection. Without it a page's body waits 40 ms for the browser to acknowledge its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        taken = f"open http://{HOST}:{port}, a workbench may be running already; or climb up --port 0"
        next_step = taken if error.errno == errno.EADDRINUSE else "climb up --port 0   (takes any free port)"
        raise SetupError(f"{HOST}:{port} can't be used: {error.strerror}", next_step=next_step) from error
    listener.listen(128)
    return listener


def home_token(home: Path) -> str:
    """The token of this home's forms, made once: so that a page stays good when the workbench is started anew.

    Raises SetupError if it can't be kept.
    """
    path = home / "token"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), os.fdopen(_new_private(path), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} can't be kept: {error}", next_step="set CLIMB_HOME to a folder of yours") from error
    if len(token) < 32:
        raise SetupError(f"{path} holds no whole token", next_step=f"rm {path}")
    return token


def _new_private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready, and that ends the pages which stay open before it waits for them."""

    def __init__(self, config: uvicorn.Config, app: Starlette, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.state.closing.set()
        super().handle_exit(sig, frame)
