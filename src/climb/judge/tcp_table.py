"""The kernel's table of TCP connections and listeners: what can be known of a program's end of a connection without reading from it.

Bytes that nobody takes stand before the end of the stream, so a client that does not read them is not told of it. The table tells: a connection
that no process has open any more, and one that none has accepted yet, has no inode (proc_net(5)).
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["ESTABLISHED", "LISTEN", "Row", "held", "tcp_table"]

ESTABLISHED, LISTEN = "01", "0A"  # states (include/net/tcp_states.h)
_NAMES = ("tcp", "tcp6")  # the second for who listens on both at once


class Row(NamedTuple):
    """One socket: its own address and the other's as the kernel writes them (``0100007F:1F90``), its state, and its inode (``0`` without one)."""

    own: str
    other: str
    state: str
    inode: str


def tcp_table() -> Iterator[Row]:
    """All of them, those of IPv4 first; none where the kernel does not tell."""
    for name in _NAMES:
        with contextlib.suppress(OSError):
            for line in Path("/proc/net", name).read_text().splitlines()[1:]:
                fields = line.split()
                yield Row(fields[1], fields[2], fields[3], fields[9])


def held(theirs: tuple[str, int], ours: tuple[str, int]) -> bool:
    """Whether a process has the end ``theirs`` of the connection to ``ours`` open; not so before it has accepted it."""
    own, other = _written(theirs), _written(ours)
    return next((row.inode != "0" for row in tcp_table() if row.own.endswith(own) and row.other.endswith(other)), False)


def _written(address: tuple[str, int]) -> str:
    """127.0.0.1:8080 is ``0100007F:1F90``: the address in the machine's byte order; IPv6 has the same behind other words."""
    number = int.from_bytes(socket.inet_aton(address[0]), sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
