"""The processor as a process, and clients of it that do what tests need and no more."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

HOST = "127.0.0.1"
PATIENCE_S = 60.0  # for what must happen, on any machine

Reading = dict[str, Any]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def reading(sensor: str, seq: int, ts: int, value: float = 1.0) -> Reading:
    return {"sensor": sensor, "seq": seq, "ts": ts, "value": value}


def lines(readings: Iterable[Reading]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in readings)


class Service:
    """One start of the service; another one on the same folder is another object."""

    def __init__(self, data: Path, settings: dict[str, str]) -> None:
        self.port, self.ingest_port = free_port(), free_port()
        environment = {
            "PORT": str(self.port),
            "INGEST_PORT": str(self.ingest_port),
            "DATA_DIR": str(data),
            "WINDOW_MS": "1000",
            "END_WITH": str(os.getpid()),  # should the tests be killed themselves
            **settings,
        }
        inherited = {
            name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "CLIMB_CACHE", "CLIMB_HOME"}
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "climb.systems.processor"],
            env={**inherited, **{name: value for name, value in environment.items() if value != "None"}},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if self.get("/healthz")[0] == 200:
                    return
            except OSError:
                assert self.process.poll() is None, self.errors()
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.errors()}")

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(PATIENCE_S)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """Kill the whole group, as a crash of the machine would, and wait until nothing of it is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        if self.process.stderr:
            self.process.stderr.close()

    def errors(self) -> str:
        assert self.process.stderr is not None
        self.process.kill()
        return self.process.stderr.read().decode()

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, Any]:
        status, body = self.request("GET", path)
        return status, json.loads(body)

    def stats(self) -> dict[str, Any]:
        document: dict[str, Any] = self.get("/stats")[1]
        return document

    def wait_for_stats(self, **expected: object) -> dict[str, Any]:
        """Wait until /stats says so."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            stats = self.stats()
            if all(stats[name] == value for name, value in expected.items()):
                return stats
            assert time.monotonic() < deadline, (expected, stats)
            time.sleep(0.01)

    def windows(self, query: str = "", limit: int = 1000) -> list[dict[str, Any]]:
        """Return all closed windows, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.get(f"/windows?limit={limit}{query}{after}")[1]
            if not page["windows"]:
                return found
            found += page["windows"]
            after = f"&after={page['next']}"

    def stream(self, query: str = "", last: str | None = None) -> Stream:
        return Stream(self.port, query, last)

    def connect(self) -> Sender:
        return Sender(self.ingest_port)


class Sender:
    """A connection with readings."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), PATIENCE_S)
        self.acks: dict[str, int] = {}
        self.rejects: dict[int, str] = {}
        self._rest = b""

    def send(self, *pieces: bytes | Reading) -> None:
        self.socket.sendall(b"".join(piece if isinstance(piece, bytes) else lines([piece]) for piece in pieces))

    def send_and_hear(self, data: bytes) -> None:
        """Send, and read answers meanwhile; raises ConnectionError when the service ends the connection."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.socket], [self.socket], [], PATIENCE_S)
            if readable:
                self._hear_on()
            if writable:
                self.socket.setblocking(False)
                try:
                    view = view[self.socket.send(view[: 1 << 16]) :]
                finally:
                    self.socket.settimeout(PATIENCE_S)

    def hear(self) -> bool:
        """Read answers that have come, or wait for some; False at the end."""
        data = self.socket.recv(1 << 16)
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            answer = json.loads(line)
            self.acks.update(answer.get("ack", {}))
            if "reject" in answer:
                self.rejects[answer["reject"]["line"]] = answer["reject"]["reason"]
        return bool(data)

    def _hear_on(self) -> None:
        if not self.hear():
            raise ConnectionError(f"ended after {self.acks}")

    def wait_for(self, acks: dict[str, int]) -> None:
        while any(self.acks.get(sensor, 0) < seq for sensor, seq in acks.items()):
            self._hear_on()

    def finish(self) -> None:
        """Shut down the sending side and hear all that comes."""
        self.socket.shutdown(socket.SHUT_WR)
        while self.hear():
            pass
        self.close()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stream:
    """Server-sent events, as they come."""

    def __init__(self, port: int, query: str, last: str | None) -> None:
        self.socket = socket.create_connection((HOST, port), PATIENCE_S)
        head = f"GET /stream{query} HTTP/1.1\r\nHost: x\r\n" + (f"Last-Event-ID: {last}\r\n" if last else "")
        self.socket.sendall(head.encode() + b"\r\n")
        self._file = self.socket.makefile("rb")
        while self._file.readline().strip():  # the head
            pass

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give id and window of each event."""
        fields: dict[str, str] = {}
        for raw in self._file:
            line = raw.decode().rstrip("\r\n")
            name, colon, value = line.partition(": ")
            if name in {"id", "event", "data"} and colon:
                fields[name] = value
            elif not line and fields:
                assert fields["event"] == "window"
                yield fields["id"], json.loads(fields["data"])
                fields = {}

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def key(window: dict[str, Any]) -> tuple[int, str]:
    return window["start"], window["sensor"]


def expected_windows(
    readings: Sequence[Reading], length_ms: int, below_ms: int
) -> dict[tuple[int, str], tuple[int, float]]:
    """Count and sum of each tumbling window that ends there or before, of readings of which none is late."""
    found: dict[tuple[int, str], tuple[int, float]] = {}
    for each in readings:
        start = each["ts"] // length_ms * length_ms
        if start + length_ms <= below_ms:
            count, total = found.get((start, each["sensor"]), (0, 0.0))
            found[start, each["sensor"]] = count + 1, total + each["value"]
    return found


def found_windows(windows: Sequence[dict[str, Any]]) -> dict[tuple[int, str], tuple[int, float]]:
    return {key(window): (window["count"], window["sum"]) for window in windows}
