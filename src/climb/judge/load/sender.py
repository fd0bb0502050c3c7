"""The process that sends: ``python -m climb.judge.load.sender`` reads a plan, connects, says so, and sends when it is told to.

Open loop: with a rate, what has to be sent by now depends on the clock alone and not on the answers, so a program that is slow for
a moment finds all that was due when it goes on. Without a rate the socket decides.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import selectors
import socket
import sys
import time
from pathlib import Path

import psutil

from climb.judge.load.orders import follow, tell
from climb.judge.load.plan import Ended, Plan, Sample, Sent

__all__ = ["main"]

_PIECE = 256 * 1024
_LOOK_S = 0.005  # with a rate: how often what is due is looked at
_SAMPLE_S = 0.05
_ARRIVAL_S = 0.0005  # answers that come closer together are one arrival


class _Connection:
    """One socket, what it has to send, and where its answers go."""

    def __init__(self, plan: Plan, path: Path, answers: Path) -> None:
        self.sent = 0
        self.received = 0
        self.ended = ""
        self.last_sent_at = 0.0
        self.arrivals: list[tuple[float, int]] = []
        self.half_closed = False
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.data = memoryview(_mapped(file.fileno(), size) if size else b"")
        self.answers = answers.open("wb")
        try:
            self.sock: socket.socket | None = socket.create_connection((plan.host, plan.port), timeout=10)
            self.sock.setblocking(False)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self.sock, self.ended = None, os.strerror(error.errno).lower() if error.errno else str(error)

    def send(self, due: int) -> None:
        """Send up to this many bytes in all, as far as they are taken; behind the last one the sending side ends."""
        assert self.sock is not None
        try:
            self.sent += self.sock.send(self.data[self.sent : min(self.sent + _PIECE, due)])
            self.last_sent_at = time.monotonic()
        except BlockingIOError:
            return
        except OSError:
            self.end("reset")
            return
        if self.sent == len(self.data):
            self.finish()

    def finish(self) -> None:
        """Nothing more is to be sent."""
        if self.sock is not None and not self.half_closed:
            self.half_closed = True
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)

    def receive(self) -> None:
        """Take in what came."""
        assert self.sock is not None
        try:
            data = self.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            self.end("reset")
            return
        if not data:
            self.end("done" if self.sent == len(self.data) else "closed")
            return
        self.answers.write(data)
        self.received += len(data)
        now = time.monotonic()
        if self.arrivals and now - self.arrivals[-1][0] < _ARRIVAL_S:
            self.arrivals.pop()
        self.arrivals.append((now, self.received))

    def end(self, how: str) -> None:
        """Nothing more comes or goes."""
        self.ended = self.ended or how
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def result(self) -> Sent:
        """How it went."""
        self.answers.close()
        return Sent(sent=self.sent, ended=self.ended, last_sent_at=self.last_sent_at, arrivals=tuple(self.arrivals))


def _mapped(file: int, size: int) -> mmap.mmap:
    """The whole file in memory, and where that can be asked for all of it at once, not page by page while it is sent."""
    populate = getattr(mmap, "MAP_POPULATE", 0)
    return mmap.mmap(file, size, flags=mmap.MAP_SHARED | populate, prot=mmap.PROT_READ)


class _Sending:
    """All connections of a plan in one loop."""

    def __init__(self, plan: Plan) -> None:
        self._rate = plan.bytes_per_s
        self._connections = [
            _Connection(plan, Path(block), Path(answers))
            for block, answers in zip(plan.blocks, plan.answers, strict=True)
        ]
        self._selector = selectors.DefaultSelector()
        self._watched: dict[_Connection, int] = {}
        self._stopped = False
        self._sampled = 0.0

    def run(self) -> Ended:
        """Send until all is sent and answered, or until standard input ends."""
        idle = psutil.cpu_times().idle
        self._started = time.monotonic()
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while not self._stopped and any(connection.sock for connection in self._connections):
            self._sample()
            for connection in self._connections:
                self._watch(connection)
            for key, events in self._selector.select(_LOOK_S if self._rate is not None else _SAMPLE_S):
                self._serve(key, events)
        ended, idle = time.monotonic(), psutil.cpu_times().idle - idle
        for connection in self._connections:
            connection.end("stopped")
        results = tuple(connection.result() for connection in self._connections)
        self._sample(last=True)
        return Ended(started=self._started, ended=ended, idle_s=idle, connections=results)

    def _serve(self, key: selectors.SelectorKey, events: int) -> None:
        connection = key.data
        if connection is None:
            self._stopped = True  # told to stop, or the judge is gone
            return
        if events & selectors.EVENT_READ:
            connection.receive()
        if events & selectors.EVENT_WRITE and connection.sock is not None:
            connection.send(self._due(connection))
        if connection.sock is None:
            self._forget(connection)

    def _due(self, connection: _Connection) -> int:
        if self._rate is None:
            return len(connection.data)
        return min(int((time.monotonic() - self._started) * self._rate), len(connection.data))

    def _watch(self, connection: _Connection) -> None:
        """Wait for what this connection can do next."""
        if connection.sock is None:
            return
        if not len(connection.data):
            connection.finish()
        sending = connection.sent < self._due(connection)
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if sending else 0)
        before = self._watched.get(connection)
        if before is None:
            self._selector.register(connection.sock, wanted, connection)
        elif before != wanted:
            self._selector.modify(connection.sock, wanted, connection)
        self._watched[connection] = wanted

    def _forget(self, connection: _Connection) -> None:
        for key in list(self._selector.get_map().values()):
            if key.data is connection:
                self._selector.unregister(key.fileobj)

    def _sample(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if now - self._sampled >= _SAMPLE_S or last:
            self._sampled = now
            sent = sum(connection.sent for connection in self._connections)
            tell(Sample(now, sent, sum(connection.received for connection in self._connections)))


def main() -> None:
    """Connect, say that it is ready, wait for a byte, send, and tell the result."""
    follow(Plan, lambda plan: _Sending(plan).run)


if __name__ == "__main__":
    main()
