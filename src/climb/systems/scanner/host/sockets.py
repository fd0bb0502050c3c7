"""Listening sockets, from /proc/net: a table for each protocol and family, a line for each socket.

Addresses stand there as the kernel holds them: 32-bit words in network order, each printed as one hexadecimal number of
this machine. On a little-endian machine 127.0.0.1 thus reads 0100007F, and ::1 ends in 01000000. Ports are put right by
the kernel before it prints them. The tables name a socket's owner by user and inode; which process holds the inode is
the affair of ``owners``.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from climb.systems.scanner.host.files import Files

__all__ = ["Protocol", "SocketRow", "decode_address", "parse_listening", "read_listening"]

Protocol = Literal["tcp", "udp"]
ByteOrder = Literal["little", "big"]

TABLES: dict[str, Protocol] = {"tcp": "tcp", "tcp6": "tcp", "udp": "udp", "udp6": "udp"}

# include/net/tcp_states.h. A UDP socket without a peer is in the state that TCP calls closed.
LISTENING: dict[Protocol, str] = {"tcp": "0A", "udp": "07"}


class SocketRow(NamedTuple):
    """One listening socket, and what leads to its owner."""

    protocol: Protocol
    address: str
    port: int
    uid: int
    inode: int
    waiting: int | None


def read_listening(files: Files) -> list[SocketRow]:
    """Every listening socket of our network namespace."""
    return [
        row
        for table, protocol in TABLES.items()
        for row in parse_listening(files.text(f"proc/self/net/{table}") or "", protocol)
    ]


def parse_listening(text: str, protocol: Protocol, byte_order: ByteOrder = sys.byteorder) -> list[SocketRow]:
    """The listening sockets in the text of one table."""
    lines = (line.split() for line in text.splitlines()[1:])
    return [
        _row(fields, protocol, byte_order) for fields in lines if len(fields) >= 10 and fields[3] == LISTENING[protocol]
    ]


def _row(fields: list[str], protocol: Protocol, byte_order: ByteOrder) -> SocketRow:
    address, _, port = fields[1].rpartition(":")
    received = fields[4].rpartition(":")[2]  # for a TCP listener not bytes but connections: its accept queue
    return SocketRow(
        protocol=protocol,
        address=decode_address(address, byte_order),
        port=int(port, 16),
        uid=int(fields[7]),
        inode=int(fields[9]),
        waiting=int(received, 16) if protocol == "tcp" else None,
    )


def decode_address(text: str, byte_order: ByteOrder = sys.byteorder) -> str:
    """``0100007F`` is 127.0.0.1 where the least significant byte comes first."""
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(word.to_bytes(4, byte_order) for word in words))
    mapped = getattr(address, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped else str(address)
