"""Our side: the service as the contract starts it, its input over TCP, one connection for each file."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from processor_sides.readings import LATENESS_MS, Asked, Input, Windows
from processor_sides.watch import Used, watched

__all__ = ["Service", "play", "running"]

COMMAND = (sys.executable, "-m", "climb.systems.processor")
READY_S = 120.0
ENDS_S = 600.0
SHOWN_S = 10.0


class Service:
    """A started service."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, ingest_port: int) -> None:
        self.process, self.ingest_port = process, ingest_port
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(
    asked: Asked, folder: Path, *, workers: int, durable: bool = True, command: Sequence[str] = COMMAND
) -> Iterator[Service]:
    """The service on a data folder, ready, as long as the block lasts."""
    folder.mkdir(exist_ok=True)
    ports = _free_ports(2)
    environment = os.environ | {
        "PORT": str(ports[0]),
        "INGEST_PORT": str(ports[1]),
        "DATA_DIR": str(folder),
        "WINDOW_MS": str(asked.window_ms),
        "SLIDE_MS": str(asked.slide_ms),
        "LATENESS_MS": str(LATENESS_MS),
        "IDLE_MS": "600000",
        "WORKERS": str(workers),
        "DURABLE": str(int(durable)),
    }
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    service = Service(process, *ports)
    try:
        _wait_until_ready(service, folder.parent / f"{folder.name}.log")
        yield service
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def play(
    given: Input, folder: Path, *, workers: int, durable: bool, command: Sequence[str] = COMMAND
) -> tuple[float, Used, Windows]:
    """Send all input and wait for the last ack; return what it took, and the windows."""
    with running(given.asked, folder, workers=workers, durable=durable, command=command) as service:
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(_Connection(service.ingest_port, file)) for file in given.files]
            for connection in connections:
                connection.introduce()  # each sensor is known before any gets ahead
            with watched([service.process.pid]) as used:
                began = time.perf_counter()
                for connection in connections:
                    connection.send_rest()
                for connection in connections:
                    connection.wait()
                seconds = time.perf_counter() - began
        return seconds, used, _windows(service, len(given.expected()))


class _Connection:
    """A file on its way over a connection: a thread sends it, another reads the acks."""

    def __init__(self, port: int, file: Path) -> None:
        self._file = file
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._last = _last_seqs(file)
        self._acked: dict[str, int] = {}
        self._changed = threading.Condition()
        self._ended = False
        self._sender: threading.Thread | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def introduce(self) -> None:
        """Send the beginning of the file in which each sensor turns up, and wait for its acks."""
        seen: set[str] = set()
        with self._file.open("rb") as file:
            while len(seen) < len(self._last):
                seen.add(json.loads(file.readline())["sensor"])
            self._begin = file.tell()
            file.seek(0)
            self._socket.sendall(file.read(self._begin))
        self._wait(lambda: len(self._acked) == len(self._last))

    def send_rest(self) -> None:
        def send() -> None:
            with self._file.open("rb") as file:
                self._socket.sendfile(file, self._begin)

        self._sender = threading.Thread(target=send, daemon=True)
        self._sender.start()

    def wait(self) -> None:
        """Wait until the last reading of each sensor is acknowledged."""
        self._wait(lambda: self._acked == self._last)

    def _wait(self, holds: Any) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended or holds(), timeout=ENDS_S) or not holds():
                raise RuntimeError(f"the connection for {self._file.name} ended before all was acknowledged")

    def _read(self) -> None:
        with self._socket.makefile("rb", buffering=1 << 16) as answers, contextlib.suppress(OSError, ValueError):
            for line in answers:
                told = json.loads(line).get("ack", {})
                with self._changed:
                    self._acked |= told
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _last_seqs(file: Path) -> dict[str, int]:
    """The highest number of each sensor, which is in the file's last lines."""
    with file.open("rb") as lines:
        lines.seek(max(0, file.stat().st_size - 100_000))
        tail = [json.loads(line) for line in lines.read().splitlines()[1:]]
    return {line["sensor"]: line["seq"] for line in tail if line["value"] == 0.0 and line["ts"] > 1_700_900_000_000}


def _windows(service: Service, count: int) -> Windows:
    """All closed windows, once as many are shown as there must be; fewer after a while, and the comparison says which."""
    end = time.monotonic() + SHOWN_S
    found: Windows = {}
    after = ""
    while len(found) < count and time.monotonic() < end:
        page = service.get(f"/windows?limit=10000{after}")
        found |= {(row["sensor"], row["start"]): row for row in page["windows"]}
        after = f"&after={page['next']}" if page["next"] else ""
        if not page["windows"]:
            time.sleep(0.01)
    return found


def _wait_until_ready(service: Service, log: Path) -> None:
    end = time.monotonic() + READY_S
    while True:
        if service.process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the service is not ready: {log.read_text()[-500:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{service.url}/healthz", timeout=5):
            return
        time.sleep(0.01)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [taken.getsockname()[1] for taken in sockets]
