"""Whose process is at the other end of a loopback connection: the kernel knows, and tells in /proc/net/tcp (proc(5))."""

from __future__ import annotations

import os
import struct
from ipaddress import IPv4Address
from pathlib import Path

__all__ = ["is_ours"]

_ROOT = 0  # may do as it likes anyway
_TABLE = Path("/proc/net/tcp")


def is_ours(client: tuple[str, int] | None, port: int) -> bool:
    """Whether the connection from ``client`` to our ``port`` was opened by this user or by root.

    Where the kernel can't be asked, as on other systems than Linux, every local client counts as ours.
    """
    if client is None or not _TABLE.exists():
        return True
    owner = _owner(client[0], client[1], port)
    return owner is None or owner in (os.getuid(), _ROOT)


def _owner(host: str, client_port: int, port: int) -> int | None:
    """The user id of the client's socket; None if the kernel does not list it."""
    try:
        local, remote = f"{_hexadecimal(host)}:{client_port:04X}", f":{port:04X}"
        for line in _TABLE.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[1] == local and fields[2].endswith(remote):
                return int(fields[7])
    except (OSError, ValueError):
        return None
    return None


def _hexadecimal(host: str) -> str:
    """An IPv4 address as /proc/net/tcp writes it: the four bytes in this machine's order."""
    return f"{struct.unpack('=I', IPv4Address(host).packed)[0]:08X}"
