"""Whether a program still holds its end of a connection: what a client that reads nothing can't see.

Bytes that nobody takes stand before the end of the stream, so the client's kernel does not hear of it. The kernel's table tells: a
connection that no process has open any more has no inode (proc_net(5)).
"""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path

__all__ = ["held"]


def held(theirs: tuple[str, int], ours: tuple[str, int]) -> bool:
    """Whether a process has the end ``theirs`` of the connection to ``ours`` open; not so before it has accepted it."""
    wanted = (_written(theirs), _written(ours))
    for name in ("tcp", "tcp6"):  # the second for who listens on both at once
        with contextlib.suppress(OSError):
            for line in Path("/proc/net", name).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
                    return fields[9] != "0"
    return False


def _written(address: tuple[str, int]) -> str:
    """127.0.0.1:8080 is ``0100007F:1F90``: the address in the machine's byte order; IPv6 has the same behind other words."""
    number = int.from_bytes(socket.inet_aton(address[0]), sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
