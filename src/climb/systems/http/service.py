"""The server as a program: its resources, its socket, and the signals that end it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable

from climb.systems.http.accepting import bound
from climb.systems.http.files import files_resource
from climb.systems.http.folder import Folder
from climb.systems.http.numbers import COUNT
from climb.systems.http.resource import Find, Routes
from climb.systems.http.resources import ECHO, HEALTH, MIRROR
from climb.systems.http.server import STOP_S, Server
from climb.systems.http.settings import Limits, Settings, SettingsError
from climb.systems.http.shared import Answered

__all__ = ["HOST", "run", "serve"]

HOST = "127.0.0.1"
_YOUNG_OBJECTS = 20_000  # before the collector looks: requests leave no cycles behind


def serve(settings: Settings, tell: Callable[[str], None]) -> int:
    """Serve what the contract names until SIGTERM or SIGINT; return the exit code. ``tell`` gets a line for people.

    Raises SettingsError if the port can't be used.
    """
    try:
        sock = bound(HOST, settings.port)
    except OSError as error:
        raise SettingsError(f"PORT: {HOST}:{settings.port} can't be used: {error.strerror}") from error
    folder = Folder(settings.root)
    routes = Routes(
        alone={
            "healthz": HEALTH,
            "mirror": MIRROR,
            "echo": ECHO,
            "count": COUNT,
            "files": (files := files_resource(folder)),
        },
        below={"mirror": MIRROR, "files": files},
    )
    with contextlib.closing(folder):
        run(sock, routes.find, settings.limits, ready=lambda: tell(f"http://{HOST}:{settings.port}"))
    return 0


def run(
    sock: socket.socket,
    find: Find,
    limits: Limits,
    *,
    ready: Callable[[], None],
    answered: Answered | None = None,
    stop_s: float = STOP_S,
) -> None:
    """Serve at a bound socket until SIGTERM or SIGINT, and then until what is under way is answered, or time is over."""
    import uvloop

    with sock, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(sock, find, limits, ready, answered, stop_s))


async def _until_told(
    sock: socket.socket, find: Find, limits: Limits, ready: Callable[[], None], answered: Answered | None, stop_s: float
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = Server(find, limits, answered)
    server.begin(sock)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
    ready()
    await stop.wait()
    await server.end(stop_s)
