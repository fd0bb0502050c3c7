"""Ports on loopback that stay ours while nobody listens there, such as between a server's end and its next start.

They lie outside the range from which the kernel takes the local ports of outgoing connections (ip(7), ip_local_port_range).
A port inside of it can be taken by any connection while the server is away, even by a client that connects to that very port.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from climb.stack.errors import StackError

__all__ = ["answers", "free_port", "held_port"]

_EPHEMERAL_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST, _ABOVE = 10_000, 65_536
_ENOUGH = 1_000  # with fewer ports outside of that range, all are used
_TRIES = 200


@contextmanager
def held_port(wanted: int | None = None) -> Iterator[int]:
    """A TCP port of 127.0.0.1 that nobody else gets while the block lasts; ``wanted``, if that is free.

    It is held by a socket that is bound and does not listen. A server that sets SO_REUSEADDR, as servers do, can open it; whoever
    looks for a free port without that option passes it by (socket(7)).
    """
    with _held(wanted) as holder:
        port: int = holder.getsockname()[1]
        yield port


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now; another program may take it before it is used."""
    with held_port() as port:
        return port


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _held(wanted: int | None) -> socket.socket:
    numbers = _numbers()
    drawn = (random.SystemRandom().choice(numbers) for _ in range(_TRIES))
    if wanted is not None and (
        holder := _bound(wanted, reuse=True)
    ):  # connections to the last server may still be closing
        return holder
    for port in drawn:
        if holder := _bound(port, reuse=False):
            return holder
    raise StackError("no free TCP port was found on 127.0.0.1", next_step="see what holds them: ss -ltn")


def _bound(port: int, *, reuse: bool) -> socket.socket | None:
    """A socket that holds the port; without ``reuse``, only if nobody has it in any way."""
    holder = socket.socket()
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        holder.bind(("127.0.0.1", port))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        holder.close()
        return None
    return holder


def _numbers() -> list[int]:
    try:
        low, high = (int(word) for word in _EPHEMERAL_FILE.read_text().split())
    except (OSError, ValueError):
        low, high = 32_768, 60_999
    outside = [*range(_LOWEST, min(low, _ABOVE)), *range(max(high + 1, _LOWEST), _ABOVE)]
    return outside if len(outside) >= _ENOUGH else list(range(_LOWEST, _ABOVE))
