"""The HTTP server as a process, and clients of it that send bytes and read answers."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

HOST = "127.0.0.1"
PATIENCE_S = 60.0  # for what must happen, on any machine


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]
    body: bytes


class HttpService:
    """One start of the server."""

    def __init__(self, root: Path, settings: dict[str, str], *, descriptors: int | None = None) -> None:
        with socket.socket() as sock:
            sock.bind((HOST, 0))
            self.port = int(sock.getsockname()[1])
        self.root = root
        environment = {"PORT": str(self.port), "ROOT": str(root), "END_WITH": str(os.getpid()), **settings}
        limit = f"ulimit -n {descriptors}; " if descriptors else ""
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'{limit}exec "$@"', "sh", sys.executable, "-m", "climb.systems.http"],
            env={"PATH": os.environ["PATH"], **{name: value for name, value in environment.items() if value != "None"}},
            stderr=subprocess.PIPE,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                if self.get("/healthz").status == 200:
                    return
            except OSError:
                assert self.process.poll() is None, self.errors()
            time.sleep(0.02)
        raise AssertionError("not ready")

    def connect(self, *, receive_buffer: int | None = None) -> Client:
        return Client(self.port, receive_buffer)

    def get(self, target: str, *fields: str, method: str = "GET") -> Answer:
        with self.connect() as client:
            client.send(request(method, target, *fields, "Connection: close"))
            answer = client.answer(method)
            assert client.rest() == b""
            return answer

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        if self.process.stderr:
            self.process.stderr.close()

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def memory_bytes(self) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")))

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(method: str, target: str, *fields: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: here", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Client:
    """One connection."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_S)
        try:
            self.socket.connect((HOST, port))
        except OSError:
            self.socket.close()
            raise
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def more(self) -> bool:
        """Read another piece; False at the end."""
        piece = self.socket.recv(1 << 16)
        self.buffer += piece
        return bool(piece)

    def until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            assert self.more(), self.buffer[:500]
        before, _, self.buffer = self.buffer.partition(end)
        return before

    def exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            assert self.more(), (len(self.buffer), count)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def head(self) -> Answer:
        line, *lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        return Answer(int(line.split(" ")[1]), fields, b"")

    def answer(self, method: str = "GET") -> Answer:
        """Read the next answer to its end."""
        head = self.head()
        fields = head.fields
        assert not {"content-length", "transfer-encoding"} <= fields.keys()
        if method == "HEAD" or head.status in (204, 304) or head.status < 200:
            return head
        if "content-length" in fields:
            return head._replace(body=self.exactly(int(fields["content-length"])))
        if fields.get("transfer-encoding") == "chunked":
            return head._replace(body=b"".join(self.chunks()))
        return head._replace(body=self.rest())

    def chunks(self) -> Iterable[bytes]:
        while size := int(self.until(b"\r\n"), 16):
            piece = self.exactly(size)
            assert self.exactly(2) == b"\r\n"
            yield piece
        assert self.exactly(2) == b"\r\n"

    def rest(self) -> bytes:
        """Read to the end of the connection; a reset is one too."""
        with suppress(ConnectionResetError):
            while self.more():
                pass
        data, self.buffer = self.buffer, b""
        return data

    def flood(self, data: bytes) -> None:
        """Send this again and again, until it is not taken any more."""
        self.socket.settimeout(0.5)
        with suppress(OSError):
            while True:
                self.send(data)
        self.socket.settimeout(PATIENCE_S)

    def wait_for_reset(self) -> bool:
        """Tell whether the connection was reset, without reading."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return any(event & select.POLLERR for _, event in poll.poll(PATIENCE_S * 1000))

    def is_reset(self) -> bool:
        """Read to the end of the connection, and tell whether that was a reset."""
        try:
            while self.more():
                self.buffer = b""
        except ConnectionResetError:
            return True
        return False
