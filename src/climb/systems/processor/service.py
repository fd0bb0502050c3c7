"""The service: a parent that accepts, coordinates and answers HTTP, and the workers that it forks.

The first worker is forked before the parent has loaded anything large. It loads the compiled engine once and forks the
others, so they share that memory; meanwhile the parent loads what it needs for HTTP. If one of them ends, all do: the
kernel kills the workers when the parent is gone, and the parent ends when a worker is. Whoever supervises starts it again,
and recovery is exact, which a service that is half alive is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from climb.parent import end_with_parent
from climb.systems.processor.settings import Settings, SettingsError, hold_shape

__all__ = ["Told", "serve"]

_HOST = "127.0.0.1"
_STOP_S = 8.0  # for all that was read; the contract says 10 for everything
_EXIT_S = 1.5  # for workers to close their logs
_SAMPLE_S = 0.5  # how often numbers are remembered, for rates
_ACCEPTS = 64  # at once
_BACKLOG = 1024

Told = Callable[[str], None]


def serve(settings: Settings, tell: Told, on_ready: Callable[[], None] = lambda: None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. ``tell`` gets a few lines for people.

    Raises SettingsError if a port can't be used or the folder belongs to other windows.
    """
    from climb.systems.processor.shared import Counts

    began = time.monotonic()
    gc.disable()  # until it is ready: modules are loaded, and none of that is garbage
    with contextlib.ExitStack() as stack:
        web = stack.enter_context(_bound(settings.port, "PORT"))
        ingest = stack.enter_context(_bound(settings.ingest_port, "INGEST_PORT"))
        hold_shape(settings)
        _allow_many_files()
        counts = Counts(settings.workers)
        pairs = [socket.socketpair() for _ in range(settings.workers)]
        first = _fork(settings, counts, pairs, [web, ingest])
        for _, theirs in pairs:
            theirs.close()
        parent = _Parent(settings, tell, began, web, ingest)
        return parent.run([ours for ours, _ in pairs], counts, first, on_ready)


def _fork(
    settings: Settings, counts: Any, pairs: list[tuple[socket.socket, socket.socket]], others: list[socket.socket]
) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        end_with_parent(parent)  # before anything that takes a while
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for sock in [*others, *(ours for ours, _ in pairs)]:
            sock.close()
        from climb.systems.processor.crew import work

        code = work(settings, counts, [theirs for _, theirs in pairs])
    except BaseException:  # whatever it is, this process must not go on as a second parent
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _bound(port: int, name: str) -> socket.socket:
    """Return a socket with that address. It refuses connections until it listens."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by what is accepted
    try:
        sock.bind((_HOST, port))
    except OSError as error:
        sock.close()
        raise SettingsError(f"{name}: {_HOST}:{port} can't be used: {error.strerror}") from error
    sock.setblocking(False)
    return sock


def _allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Parent:
    """Everything of the parent process, in one place."""

    def __init__(self, settings: Settings, tell: Told, began: float, web: socket.socket, ingest: socket.socket) -> None:
        self._settings = settings
        self._tell = tell
        self._began = began
        self._web = web
        self._ingest = ingest
        self._handed = [0] * settings.workers

    def run(self, controls: list[socket.socket], counts: Any, first: int, on_ready: Callable[[], None]) -> int:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(self._serve(controls, counts, on_ready))
            except _Failed as failure:
                self._tell(f"stopped: {failure}")
                _kill(first)
                return 1
            except _NotBegun:
                _kill(first)
                return 0
        return 0 if _ended_well(first) else 1

    async def _serve(self, controls: list[socket.socket], counts: Any, on_ready: Callable[[], None]) -> None:
        from climb.systems.processor.channel import Channel
        from climb.systems.processor.coordinator import Coordinator, WorkerEnded
        from climb.systems.processor.engine.registry import Registry
        from climb.systems.processor.messages import Exit, FromWorker, Stop
        from climb.systems.processor.numbers import Numbers
        from climb.systems.processor.results import Results
        from climb.systems.processor.serving import http_server
        from climb.systems.processor.web import Parts, application

        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        settings = self._settings
        rows = counts.rows()
        registry = Registry(settings.data_dir / "sensors", durable=settings.durable)
        results = Results(settings.data_dir / "results", durable=settings.durable)
        channels: Any = [Channel(sock, FromWorker, blocking_sends=False) for sock in controls]
        coordinator = Coordinator(settings, channels, rows, registry, results)
        numbers = Numbers(settings, rows, coordinator, results, registry.names)
        self._rows = rows
        self._coordinator = coordinator
        texts: list[str] = []

        def names() -> list[str]:
            texts.extend(name.decode() for name in registry.names[len(texts) :])
            return texts

        parts = Parts(results, coordinator, numbers, names, settings.window_ms, self._hand_over_ours)
        tasks: list[asyncio.Task[Any]] = []
        try:
            if not await _unless(stop, coordinator.start()):
                raise _NotBegun
            server = http_server(application(parts), self._web)
            tasks = [asyncio.ensure_future(coordinator.run()), asyncio.ensure_future(_sample(numbers))]
            await server.begin()
            self._ingest.listen(_BACKLOG)
            loop.add_reader(self._ingest.fileno(), self._accept)
            self._tell(
                f"ready after {time.monotonic() - self._began:.2f} s: readings on {_HOST}:{settings.ingest_port}, "
                f"http://{_HOST}:{settings.port}, {settings.workers} worker{'s' * (settings.workers > 1)}"
            )
            gc.enable()
            on_ready()
            await _first(stop.wait(), tasks[0])
            self._tell("stopping")
            loop.remove_reader(self._ingest.fileno())
            self._ingest.close()
            parts.stopping.set()
            coordinator.tell_all(Stop())
            ending = asyncio.ensure_future(server.end())
            await _first(self._all_quiet(), tasks[0])
            await ending
            coordinator.tell_all(Exit())
            for channel in channels:
                while channel.has_unsent:  # noqa: ASYNC110  # a few bytes, and nothing else is left to do
                    await asyncio.sleep(0.001)
            self._tell("stopped: all that was acknowledged is safe")
        except WorkerEnded as error:
            raise _Failed(str(error)) from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            registry.close()
            results.close()

    async def _all_quiet(self) -> None:
        with contextlib.suppress(TimeoutError):  # clients are dropped long before, so this is a disk that hangs
            await asyncio.wait_for(self._coordinator.all_quiet.wait(), _STOP_S)

    # --- connections -------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        for _ in range(_ACCEPTS):
            try:
                sock, _ = self._ingest.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no descriptors left, most likely: those that wait, wait
                self._tell(f"a connection was not accepted: {error.strerror}")
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._ingest.fileno())
                loop.call_later(0.1, self._accept_again)
                return
            self._hand_over(sock, internal=False)

    def _accept_again(self) -> None:
        if self._ingest.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._ingest.fileno(), self._accept)

    def _hand_over_ours(self, sock: socket.socket) -> None:
        self._hand_over(sock, internal=True)

    def _hand_over(self, sock: socket.socket, *, internal: bool) -> None:
        """Give a connection to the worker that has fewest."""
        from climb.systems.processor.messages import Connection
        from climb.systems.processor.shared import Word

        open_now = [
            int(row[Word.CONNECTIONS]) + handed - int(row[Word.BEGUN])
            for row, handed in zip(self._rows, self._handed, strict=True)
        ]
        index = min(range(len(open_now)), key=lambda i: (open_now[i], self._handed[i]))
        self._handed[index] += 1
        self._coordinator.tell(index, Connection(internal), descriptor=sock.fileno(), sent=sock.close)


def _ended_well(first: int) -> bool:
    """Wait for the workers, which have been told to end; kill them if they don't."""
    deadline = time.monotonic() + _EXIT_S
    while time.monotonic() < deadline:
        child, status = os.waitpid(first, os.WNOHANG)
        if child:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.005)
    _kill(first)
    return False


def _kill(first: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(first, signal.SIGKILL)  # the kernel ends the others with it
    with contextlib.suppress(ChildProcessError):
        os.waitpid(first, 0)


class _Failed(Exception):
    """A worker ended."""


class _NotBegun(Exception):
    """A signal came before the service was ready: there is nothing to finish."""


async def _sample(numbers: Any) -> None:
    while True:
        numbers.sample()
        await asyncio.sleep(_SAMPLE_S)


async def _unless(stop: asyncio.Event, work: Any) -> bool:
    """Do that to its end, unless a signal comes first; tell which."""
    task, signalled = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait([task, signalled], return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if task.done():
        await task
        return True
    task.cancel()
    return False


async def _first(work: Any, must_go_on: asyncio.Task[Any]) -> None:
    """Wait for that, and raise what the other raises if it ends meanwhile."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task, must_go_on], return_when=asyncio.FIRST_COMPLETED)
    if must_go_on.done():
        task.cancel()
        await must_go_on
    await task
