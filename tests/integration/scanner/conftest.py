"""Real servers on loopback addresses, and the command in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

Handler = Callable[[socket.socket], None]

DEADLINE_S = 20.0


class Server:
    """Listens on a free port and has each connection handled in a thread; remembers when connections came."""

    def __init__(self, handler: Handler, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._handler = handler
        self._listener = socket.create_server((address, 0), family=family, backlog=256)
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.accepted_at: list[float] = []
        self.lives_s: list[float] = []
        self.most_at_once = 0
        self._start(self._accept)

    def close(self) -> None:
        """End all threads and close all sockets; may be called twice."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # the peer has gone already
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(DEADLINE_S)
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.accepted_at.append(time.monotonic())
                self._connections.add(connection)
                self.most_at_once = max(self.most_at_once, len(self._connections))
            self._start(self._handle, connection)

    def _handle(self, connection: socket.socket) -> None:
        began = time.monotonic()
        try:
            with suppress(OSError):
                self._handler(connection)
        finally:
            with self._lock:
                self._connections.discard(connection)
                self.lives_s.append(time.monotonic() - began)
            connection.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers: ``serve(handler)``, ``serve(handler, address)``."""
    servers: list[Server] = []

    def start(handler: Handler, address: str = "127.0.0.1") -> Server:
        servers.append(Server(handler, address))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def silent() -> Iterator[Callable[[int], list[int]]]:
    """Gives ports that never answer: their accept queue is full, so the kernel drops each further SYN."""
    sockets: list[socket.socket] = []

    def make(count: int) -> list[int]:
        ports = []
        for _ in range(count):
            listener = socket.socket()
            sockets.append(listener)
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            ports.append(listener.getsockname()[1])
            first = socket.create_connection(listener.getsockname(), timeout=DEADLINE_S)
            sockets.append(first)
        return ports

    yield make
    for each in sockets:
        each.close()


@pytest.fixture
def closed() -> Iterator[Callable[[int], list[int]]]:
    """Gives ports that refuse: bound, so that nobody else takes them, but not listening."""
    sockets: list[socket.socket] = []

    def make(count: int) -> list[int]:
        for _ in range(count):
            sockets.append(socket.socket())
            sockets[-1].bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets[-count:]]

    yield make
    for each in sockets:
        each.close()


@dataclass
class Report:
    """What the command printed and how it ended."""

    code: int
    lines: list[dict[str, Any]]
    errors: str
    elapsed_s: float
    summary: dict[str, Any] = field(init=False)
    ports: dict[int, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.summary = next((line["summary"] for line in self.lines if "summary" in line), {})
        self.ports = {line["port"]: line for line in self.lines if "port" in line}

    def state(self, port: int) -> str | None:
        """The state that was reported for the port, if one was."""
        return self.ports[port]["state"] if port in self.ports else None


@dataclass
class Running:
    """The command while it runs."""

    process: subprocess.Popen[str]
    began: float

    def interrupt(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def report(self) -> Report:
        """Wait for the end."""
        out, err = self.process.communicate(timeout=DEADLINE_S)
        lines = [json.loads(line) for line in out.splitlines()]
        return Report(self.process.returncode, lines, err, time.monotonic() - self.began)


@pytest.fixture
def start_scan() -> Iterator[Callable[..., Running]]:
    """Starts the command: ``start_scan("127.0.0.1", "--all")``."""
    running: list[Running] = []

    def start(*words: object, before: str = "") -> Running:
        code = f"{before}\nimport runpy\nrunpy.run_module('climb.systems.scanner', run_name='__main__')"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        )
        running.append(Running(process, time.monotonic()))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


@pytest.fixture
def run_scan(start_scan: Callable[..., Running]) -> Callable[..., Report]:
    """Runs the command to its end."""

    def run(*words: object, before: str = "") -> Report:
        return start_scan(*words, before=before).report()

    return run


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when *condition* holds; fail if it does not within the deadline."""
    ends = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < ends, f"waited in vain: {what}"
        time.sleep(0.005)


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[[Callable[[], bool], str], None]:
    return wait_until
