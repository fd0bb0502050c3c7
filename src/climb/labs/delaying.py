"""A relay that adds time to a connection: what a client sends arrives a while later, as if the server were farther away.

Only data are late. The kernel completes a handshake with the relay itself, so the way of a connection's beginning can't be made
longer like this.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from multiprocessing.connection import Connection

from climb.labs.loopback import fresh_address

__all__ = ["relay"]

_LARGEST_READ = 256 * 1024


def relay(control: Connection, target: tuple[str, int], delay_s: float) -> None:
    """Relay connections to ``target``, with ``delay_s`` more to a round trip. For ``Bench.process``; says where it listens."""
    with socket.create_server((fresh_address(), 0)) as listener:
        control.send(listener.getsockname())
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(target)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _start(_carry_late, client, server, delay_s)
            _start(_carry, server, client)


def _start(target: object, *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()  # type: ignore[arg-type]  # one of the two below


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(_LARGEST_READ):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one end is gone: the other one learns it from its own side
        return


def _carry_late(source: socket.socket, target: socket.socket, delay_s: float) -> None:
    """Each piece leaves its own delay after it came, however many are under way."""
    under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
    _start(_send_when_due, under_way, target)
    try:
        while piece := source.recv(_LARGEST_READ):
            under_way.put((time.perf_counter() + delay_s, piece))
    except OSError:
        pass
    under_way.put((time.perf_counter() + delay_s, b""))


def _send_when_due(under_way: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
    try:
        while True:
            due, piece = under_way.get()
            if (left := due - time.perf_counter()) > 0:
                time.sleep(left)
            if not piece:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(piece)
    except OSError:
        return
