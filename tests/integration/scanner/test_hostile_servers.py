"""Servers that mean harm: nobody else's result suffers, and each connection ends in time."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from climb.systems.scanner import State, scan_blocking

TIMEOUT_S = 0.6


def tarpit(connection: socket.socket) -> None:
    """Takes what comes and never says a word."""
    while connection.recv(4096):
        pass


def drip(connection: socket.socket) -> None:
    """One byte of a greeting at a time, for ever."""
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def endless_headers(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nServer: endless\r\n")
    while True:
        connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")


def garbage(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(os.urandom(1 << 20))


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def never_reads(connection: socket.socket) -> None:
    """Does not even look whether the peer is still there."""
    ends = time.monotonic() + 4 * TIMEOUT_S
    while time.monotonic() < ends:
        time.sleep(0.05)


def half_a_handshake(connection: socket.socket) -> None:
    """Starts a TLS record and never ends it."""
    connection.recv(4096)
    connection.sendall(b"\x16\x03\x03\x40\x00\x02")
    tarpit(connection)


HOSTILE = [tarpit, drip, endless_headers, garbage, reset, never_reads, half_a_handshake]


@pytest.mark.parametrize("handler", HOSTILE, ids=lambda handler: handler.__name__)
def test_a_hostile_port_is_open_and_ends_in_time(serve: Callable[..., Any], handler: Callable[..., None]) -> None:
    """It is reported as open, after at most three timeouts, whatever it does."""
    server = serve(handler)
    began = time.monotonic()
    (found,) = scan_blocking("127.0.0.1", ports=[server.port], timeout_s=TIMEOUT_S)

    assert found.state is State.OPEN
    assert time.monotonic() - began < 3 * TIMEOUT_S


def test_hostile_servers_do_not_touch_the_results_of_others(serve: Callable[..., Any]) -> None:
    """An honest server among them is described as if it were alone, and before them."""

    def honest(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n<title>me</title>\n")

    good = serve(honest)
    ports = [serve(handler).port for handler in HOSTILE for _ in range(3)]
    findings = list(scan_blocking("127.0.0.1", ports=[*ports, good.port], timeout_s=TIMEOUT_S))
    (found,) = (each for each in findings if each.port == good.port)

    assert found.http is not None
    assert found.http.title == "me"
    assert findings.index(found) < len(findings) / 2
    assert len(findings) == len(ports) + 1


def test_no_connection_outlives_the_timeout(serve: Callable[..., Any]) -> None:
    """From connect to close, also when the server keeps it busy."""
    servers = [serve(tarpit), serve(drip)]
    list(scan_blocking("127.0.0.1", ports=[server.port for server in servers], timeout_s=TIMEOUT_S))
    for server in servers:
        server.close()

    lives = [life for server in servers for life in server.lives_s]
    assert lives
    assert max(lives) < TIMEOUT_S + 0.3


def test_no_more_than_64_kib_are_read(serve: Callable[..., Any]) -> None:
    """The rest of an endless answer stays where it is; the connection is closed."""
    closed = threading.Event()
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                sent += connection.send(b"x" * 1000)
        finally:
            closed.set()

    server = serve(flood)
    began = time.monotonic()
    (found,) = scan_blocking("127.0.0.1", ports=[server.port], timeout_s=5.0)

    assert found.http is not None
    assert time.monotonic() - began < 2
    assert closed.wait(5)
