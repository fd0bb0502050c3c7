"""Whether a server of ours answers: a request that each takes from everybody, and that changes nothing.

That a port accepts says little: the kernel accepts for a server that is stopped, and another program may have the port.
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

__all__ = ["broker_answers", "cache_answers", "database_answers"]

_WITHIN_S = 1.0
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL manual, "Message Formats"
_API_VERSIONS = struct.pack(
    "!ihhih", 10, 18, 0, 7, -1
)  # Kafka protocol guide: key 18, version 0, correlation 7, no client id


def database_answers(address: str) -> bool:
    """Whether a PostgreSQL says if it would use TLS, which it does before it asks who is there."""
    return _said(address, _SSL_REQUEST, 1) in {b"N", b"S"}


def cache_answers(address: str) -> bool:
    """Whether a Valkey with the password of the address takes requests."""
    password = urlsplit(address).password
    asked = f"AUTH {password}\r\nPING\r\n".encode()  # without lengths, as a person types them
    return _said(address, asked, 12) == b"+OK\r\n+PONG\r\n"


def broker_answers(address: str) -> bool:
    """Whether a Kafka tells which requests it knows."""
    return _said(f"kafka://{address}", _API_VERSIONS, 8)[4:] == struct.pack("!i", 7)


def _said(address: str, request: bytes, length: int) -> bytes:
    """The first ``length`` bytes that come back; fewer, if no more come in time."""
    parts, said = urlsplit(address), b""
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=_WITHIN_S) as connection:
            connection.sendall(request)
            while len(said) < length and (piece := connection.recv(length - len(said))):
                said += piece
    except OSError:
        pass
    return said
