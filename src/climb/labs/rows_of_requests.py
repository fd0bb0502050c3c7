"""A small HTTP/1.1 server and its client, for requests with a connection each, one after another, and in rows. For the lab on
kept connections.
"""

from __future__ import annotations

import gc
import socket
import struct
import time
from multiprocessing.connection import Connection
from typing import NamedTuple

from climb.labs.loopback import fresh_address

__all__ = ["Client", "Spent", "serve"]

_LARGEST_READ = 256 * 1024
_DEADLINE = struct.pack("ll", 10, 0)  # seconds and microseconds, as SO_RCVTIMEO and SO_SNDTIMEO take them
_END = b"\r\n\r\n"
_GET = b"GET / HTTP/1.1\r\nHost: lab" + _END
_GET_AND_CLOSE = b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close" + _END
_GET_SPENT = b"GET /spent HTTP/1.1\r\nHost: lab\r\nConnection: close" + _END


class Spent(NamedTuple):
    """What the server has used so far: nanoseconds of processor time, and reads of requests."""

    processor_ns: int
    reads: int


class Client:
    """Sends requests to one server, in each of the ways."""

    def __init__(self, address: tuple[str, int], size: int) -> None:
        self._address = address
        self._answer_bytes = len(_answer(size, close=False))

    def connection_each(self, requests: int) -> int:
        """The nanoseconds of so many requests with a connection for each."""
        begun = time.perf_counter_ns()
        for _ in range(requests):
            self._last_request(_GET_AND_CLOSE)
        return time.perf_counter_ns() - begun

    def in_rows(self, depth: int, requests: int) -> int:
        """The nanoseconds of so many requests on one connection, ``depth`` at a time."""
        rows, rest = divmod(requests, depth)
        assert not rest
        with self._connect() as connection:
            self._row(connection, 1)  # once unmeasured, so that opening is not counted
            begun = time.perf_counter_ns()
            for _ in range(rows):
                self._row(connection, depth)
            return time.perf_counter_ns() - begun

    def spent(self) -> Spent:
        """What the server says of itself."""
        body = self._last_request(_GET_SPENT).partition(_END)[2]
        return Spent(*map(int, body.split()))

    def _connect(self) -> socket.socket:
        connection = socket.socket()
        _set_deadlines(connection)
        connection.connect(self._address)
        return connection

    def _row(self, connection: socket.socket, depth: int) -> None:
        connection.sendall(_GET * depth)
        missing = depth * self._answer_bytes
        while missing:
            missing -= len(_received(connection, missing))

    def _last_request(self, request: bytes) -> bytes:
        """A request that asks the server to close; its answer."""
        pieces = []
        with self._connect() as connection:
            connection.sendall(request)
            while piece := connection.recv(_LARGEST_READ):
                pieces.append(piece)
        if not pieces:
            raise ConnectionError("the lab's server closed a connection without an answer")
        return b"".join(pieces)


def _received(connection: socket.socket, at_most: int) -> bytes:
    piece = connection.recv(min(at_most, _LARGEST_READ))
    if not piece:
        raise ConnectionError("the lab's server closed the connection before its answers were complete")
    return piece


def _set_deadlines(connection: socket.socket) -> None:
    """Of the kernel's: those of Python need a system call more for each call."""
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, _DEADLINE)


def _answer(size: int, *, close: bool) -> bytes:
    ending = b"\r\nConnection: close" if close else b""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d%s%s" % (size, ending, _END) + bytes(size)


def serve(control: Connection, size: int) -> None:
    """Serve one connection after another: the client has only one at a time. Connections inherit the listener's options."""
    answers = {close: _answer(size, close=close) for close in (False, True)}
    reads = 0
    gc.disable()
    with socket.create_server((fresh_address(), 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _set_deadlines(listener)
        control.send(listener.getsockname())
        while True:
            listener.settimeout(None)
            connection, _ = listener.accept()
            with connection:
                reads += _serve_connection(connection, answers, reads)


def _serve_connection(connection: socket.socket, answers: dict[bool, bytes], reads_before: int) -> int:
    """Answer each request as soon as its head is whole, those of one read together; how many reads it took."""
    kept, reads = b"", 0
    while piece := connection.recv(_LARGEST_READ):
        *heads, kept = (kept + piece).split(_END)
        reads += 1
        closing = any(b"\r\nConnection: close" in head for head in heads)
        if closing and heads[-1].startswith(b"GET /spent "):
            said = b"%d %d" % (time.process_time_ns(), reads_before + reads - 1)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d%s%s" % (len(said), _END, said)
            )
            return reads - 1
        connection.sendall(answers[closing] * len(heads))
        if closing:
            break
    return reads
