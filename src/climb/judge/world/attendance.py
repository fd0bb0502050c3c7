"""Who is connected right now, known without a doubt.

A program that keeps at most N connections may close one and open the next within a microsecond. The judge then learns of both
in one turn of its event loop, in any order; counting the arrival first would find N + 1 and blame the program. So an arrival is
counted only after asking the kernel who has left. The kernel knows: on loopback a FIN or RST reaches the server's socket within
the client's own close(), before its next connect() can start.

A private epoll set watches every connection for its end, edge-triggered, so that asking costs one system call however many are
open. What it reports as open was open when it was asked, and all of those had arrived before: they really were open at once.

A server notices a client's end, but not the client's close() of a connection that the server itself has closed. Scripts that end
therefore send FIN and wait for the client's; only ``reset`` and ``close`` end a connection from this side. And a FIN waits
behind data for which the server's buffers have no room: with a script that never reads, a client that has sent a megabyte and
closed still looks open.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from climb.errors import SetupError

if TYPE_CHECKING:
    from climb.judge.world.seen import Seen, Visit

__all__ = ["Attendance", "Connection"]

_TCP_INFO_BYTES = 60
_LAST_DATA_SENT = 44  # offsets in struct tcp_info (linux/tcp.h); both are ages in milliseconds
_LAST_ACK_RECEIVED = 56
_EVENTS_AT_ONCE = 4096


@dataclass(eq=False, slots=True)
class Connection:
    """An accepted socket, where it is counted, and what is known of its end."""

    sock: socket.socket
    seens: tuple[Seen, ...]
    visit: Visit
    finished: asyncio.Event = field(default_factory=asyncio.Event)  # the peer sends nothing more
    broken: asyncio.Event = field(default_factory=asyncio.Event)  # nothing can be sent to it either


class Attendance:
    """The connections of a world, from their arrival to their end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        if not hasattr(select, "epoll"):
            raise SetupError("the judge's servers count connections with epoll, which only Linux has")
        self._loop = loop
        self._ends = select.epoll()
        self._here: dict[int, Connection] = {}
        self._arrived: set[Seen] = set()  # counters with arrivals that are not counted yet
        loop.add_reader(self._ends.fileno(), self.sweep)

    def arrive(self, connections: list[Connection]) -> None:
        """Admit what was just accepted. It is counted once all servers that have clients waiting accepted theirs.

        Counting at each arrival would be right too, but would miss more: the clients do not stand still meanwhile.
        """
        if not self._arrived:
            self._loop.call_soon(self.sweep)
        for connection in connections:
            self._here[connection.sock.fileno()] = connection
            self._ends.register(connection.sock, select.EPOLLRDHUP | select.EPOLLET)
            for seen in connection.seens:
                seen.arrive(connection.visit)
            self._arrived.update(connection.seens)

    def sweep(self) -> None:
        """Take note of all who have left by now, then count who is here."""
        self._settle(self._collect_ends())

    def close(self, connection: Connection, *, reset: bool = False) -> None:
        """End a connection from this side, with RST if wanted, and give back its socket. Safe to call twice."""
        descriptor = connection.sock.fileno()
        if descriptor < 0:
            return
        changed = self._collect_ends()  # if the peer was first, then the end is the peer's
        with contextlib.suppress(OSError):
            self._ends.unregister(descriptor)
        self._here.pop(descriptor, None)
        if reset:
            with contextlib.suppress(OSError):
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sock.close()
        connection.broken.set()
        self._settle(changed | self._end(connection, time.monotonic(), by_peer=False))

    def stop(self) -> None:
        """Cut whatever is left, and watch no more."""
        for connection in list(self._here.values()):
            self.close(connection, reset=True)
        self._loop.remove_reader(self._ends.fileno())
        self._ends.close()

    def _collect_ends(self) -> set[Seen]:
        """Mark every connection whose peer has ended it; returns the counters that this changes."""
        changed: set[Seen] = set()
        more = not self._ends.closed
        while more:
            events = self._ends.poll(0, _EVENTS_AT_ONCE)
            more = len(events) == _EVENTS_AT_ONCE
            for descriptor, flags in events:
                connection = self._here.get(descriptor)
                if connection is not None:
                    changed |= self._note(connection, flags)
        return changed

    def _note(self, connection: Connection, flags: int) -> set[Seen]:
        broken = bool(flags & (select.EPOLLERR | select.EPOLLHUP))
        if broken:
            connection.broken.set()
        if not flags & (select.EPOLLERR | select.EPOLLHUP | select.EPOLLRDHUP):
            return set()
        # A RST leaves no time in the socket, and acknowledges nothing: the age would be that of an earlier packet.
        reset = bool(flags & select.EPOLLERR)
        return self._end(
            connection, time.monotonic() if reset else _moment(connection.sock, _LAST_ACK_RECEIVED), by_peer=True
        )

    def _end(self, connection: Connection, moment: float, *, by_peer: bool) -> set[Seen]:
        visit = connection.visit
        if visit.ended is not None:
            return set()
        visit.ended = max(moment, visit.began)
        visit.ended_by_peer = by_peer
        connection.finished.set()
        for seen in connection.seens:
            seen.leave(visit)
        return set(connection.seens)

    def _settle(self, changed: set[Seen]) -> None:
        for seen in changed | self._arrived:
            seen.settle()
        self._arrived.clear()


def began(sock: socket.socket) -> float:
    """When the handshake of a just accepted socket completed.

    The judge may come late to accept; the kernel does not. A socket that has sent nothing yet was "last sent" on at its birth.
    """
    return _moment(sock, _LAST_DATA_SENT)


def _moment(sock: socket.socket, offset: int) -> float:
    """The moment to which an age in the kernel's TCP_INFO refers."""
    now = time.monotonic()
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        (age_ms,) = struct.unpack_from("=I", info, offset)
    except (OSError, struct.error):
        return now
    return now - float(age_ms) / 1000
