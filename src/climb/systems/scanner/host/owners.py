"""Which processes hold a socket.

The kernel does not say it from the socket's side. Each process has a folder of links, one for each open descriptor, and a
socket's link reads ``socket:[INODE]``; so the answer takes a look at every descriptor of every process. Folders of other
users' processes are closed to us unless we are root, and a socket may have several holders (after ``fork``) or none
(the kernel itself, or a process of another container).
"""

from __future__ import annotations

import pwd
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from climb.systems.scanner.host.report import Listener, Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from climb.systems.scanner.host.files import Files
    from climb.systems.scanner.host.sockets import SocketRow

__all__ = ["Owners", "named", "parse_link", "read_owners"]

_SOCKET = re.compile(r"socket:\[(\d+)\]")


class Owners(NamedTuple):
    """The holders of each inode, and whether every process could be looked into."""

    by_inode: Mapping[int, list[Process]]
    complete: bool


def read_owners(files: Files) -> Owners:
    """The holders of every socket that we may see."""
    by_inode: defaultdict[int, list[Process]] = defaultdict(list)
    pids = [name for name in files.names("proc") if name.isdecimal()]
    complete = "1" in pids  # every system and container has one; without it, /proc was mounted with hidepid
    for pid in pids:
        try:
            inodes = set(_inodes(files, pid))
        except PermissionError:
            complete = False
            continue
        process = Process(pid=int(pid), name=files.text(f"proc/{pid}/comm")) if inodes else None
        for inode in inodes:
            if process:
                by_inode[inode].append(process)
    return Owners(by_inode, complete)


def parse_link(target: str) -> int | None:
    """The inode in ``socket:[4711]``; None for a descriptor that is no socket."""
    match = _SOCKET.fullmatch(target)
    return int(match[1]) if match else None


def named(rows: Iterable[SocketRow], owners: Owners) -> list[Listener]:
    """The sockets with their owners, by protocol, port and address."""
    listeners = [_listener(row, owners) for row in rows]
    return sorted(listeners, key=lambda one: (one.protocol, one.port, ":" in one.address, one.address))


def _listener(row: SocketRow, owners: Owners) -> Listener:
    processes = sorted(owners.by_inode.get(row.inode, ()))
    return Listener(
        protocol=row.protocol,
        address=row.address,
        port=row.port,
        user=_user(row.uid),
        waiting=row.waiting,
        processes=processes,
        hidden=not processes and not owners.complete,
    )


def _inodes(files: Files, pid: str) -> Iterator[int]:
    folder = f"proc/{pid}/fd"
    for name in files.names(folder):
        target = files.link(f"{folder}/{name}")
        inode = parse_link(target) if target else None
        if inode is not None:
            yield inode


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a user of a container, unknown here
        return str(uid)
