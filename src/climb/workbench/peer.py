"""Whose process is at the other end of a loopback connection. The kernel knows, and tells by sock_diag(7) or in /proc/net/tcp.

Rules: one socket is asked for by both of its addresses, since the table of all sockets takes tens of milliseconds to read after a
large scan; a socket that the kernel does not list, or that no process holds any more, is nobody's; sockets of the IPv6 family that
speak IPv4 (``::ffff:127.0.0.1``) are in a table of their own.
"""

from __future__ import annotations

import os
import socket
import struct
from ipaddress import IPv4Address
from pathlib import Path

__all__ = ["Address", "is_ours", "owner_of"]

Address = tuple[str, int]

_ROOT = 0  # may do as it likes anyway
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

_SOCK_DIAG = 4  # linux/netlink.h
_BY_FAMILY = 20  # linux/sock_diag.h
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, sender
_REQUEST = struct.Struct("=BBBBI")  # struct inet_diag_req_v2 up to the socket's addresses
_ADDRESSES = struct.Struct("!HH4s12x4s12x")  # struct inet_diag_sockid up to its interface
_ANY = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)  # any interface, any cookie
_FOUND = struct.Struct("=4x48x12xII")  # struct inet_diag_msg: user, inode
_SECONDS = 1.0  # the kernel answers at once


def is_ours(client: Address | None, server: Address) -> bool:
    """Whether the connection from ``client`` to ``server``, us, was opened by a process of this user or of root.

    Where the kernel can't be asked, as on other systems than Linux, every local client counts as ours.
    """
    if client is None:
        return False
    if not _TABLES[0].exists():
        return True
    return owner_of(client, server) in (os.getuid(), _ROOT)


def owner_of(client: Address, server: Address) -> int | None:
    """The user id of the client's socket; None if no process holds such a socket."""
    try:
        found = _asked(client, server)
    except (OSError, struct.error):
        found = None
    # A kernel without sock_diag says the same as one that finds no such socket, so the tables have the last word.
    return found if found is not None else _listed(client, server)


def _asked(client: Address, server: Address) -> int | None:
    request = _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    request += (
        _ADDRESSES.pack(client[1], server[1], IPv4Address(client[0]).packed, IPv4Address(server[0]).packed) + _ANY
    )
    header = _HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, 1, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.settimeout(_SECONDS)
        kernel.sendto(header + request, (0, 0))
        answer = kernel.recv(4096)
    if _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None
    user, inode = _FOUND.unpack_from(answer, _HEADER.size)
    return user if inode else None


def _listed(client: Address, server: Address) -> int | None:
    for table, spell in zip(_TABLES, (_ipv4, _mapped), strict=True):
        local, remote = spell(client), spell(server)
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[1] == local and fields[2] == remote and fields[9] != "0":
                return int(fields[7])
    return None


def _ipv4(address: Address) -> str:
    """As /proc/net/tcp writes it: the four bytes as a number in this machine's order, and the port."""
    return f"{struct.unpack('=I', IPv4Address(address[0]).packed)[0]:08X}:{address[1]:04X}"


def _mapped(address: Address) -> str:
    """The same as an IPv6 address, ``::ffff:…``, in four numbers in this machine's order."""
    return f"{'0' * 16}{struct.unpack('=I', bytes(2) + bytes([255] * 2))[0]:08X}{_ipv4(address)}"
