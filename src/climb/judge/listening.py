"""Who listens where: whether a port is open, and which ports a program has open.

What else runs on this machine must not be held against a learner, and a program that listens elsewhere is told where.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator

from climb.judge.tcp_table import LISTEN, tcp_table

__all__ = ["listened_on", "listens"]

_DEADLINE_S = 2.0


async def listens(address: str, port: int) -> bool:
    """True if a connection to this port is accepted, and not by itself (a socket on loopback can connect to itself)."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    mine, theirs = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    writer.close()
    return bool(mine != theirs)


def listened_on(pids: list[int]) -> list[str]:
    """The addresses with ports on which these processes listen, such as ``0.0.0.0:8080``; empty where /proc does not say."""
    inodes = {inode for pid in pids for inode in _sockets(pid)}
    return sorted({address for inode, address in _listening() if inode in inodes})


def _sockets(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(entry.path)  # noqa: PTH115 - a path object for each of many descriptors
                if target.startswith("socket:["):
                    yield target[8:-1]


def _listening() -> Iterator[tuple[str, str]]:
    return ((row.inode, _address(row.own)) for row in tcp_table() if row.state == LISTEN)


def _address(text: str) -> str:
    """``0100007F:1F90`` is 127.0.0.1:8080: each word of the address in the machine's byte order (proc_net(5))."""
    words, port = text.split(":")
    packed = b"".join(bytes.fromhex(words[start : start + 8])[::-1] for start in range(0, len(words), 8))
    if len(packed) == 4:
        return f"{socket.inet_ntop(socket.AF_INET, packed)}:{int(port, 16)}"
    return f"[{socket.inet_ntop(socket.AF_INET6, packed)}]:{int(port, 16)}"
