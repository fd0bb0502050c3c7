"""Connection attempts that hang on silent ports, as the kernel lists them.

A server on a silent port sees nothing, so the judge looks at the clients' side: sockets in state SYN_SENT towards the port.
Linux tells everyone about them, through netlink (sock_diag, a fraction of a millisecond) or, where a sandbox forbids that,
through /proc/net/tcp. Looking every few milliseconds can miss an attempt, but what it sees was there at that moment: the numbers
may be too small and are never too large.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from climb.counted import counted
from climb.judge.world.ports import family_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Attempt", "AttemptWatch", "Kernel"]

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x1 | 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_SYN_SENT = 2  # TCP state, net/tcp_states.h
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_QUERY = struct.Struct("=BBBxI48x")  # struct inet_diag_req_v2: family, protocol, extensions, states, any socket
_ANSWER = struct.Struct("=BBBB2s2s16s16sIQIIIII")  # struct inet_diag_msg, the cookie read as one number
_MOST_OF_THE_TIME = 20  # looking may take one part in this many of the time


@dataclass(frozen=True)
class Attempt:
    """One connect that waits for an answer. ``socket_id`` tells sockets apart that follow each other on one port."""

    port: int
    source_port: int
    retransmits: int
    socket_id: int


class Kernel:
    """Asks for the attempts towards some ports of one address."""

    def __init__(self, address: str, numbers: Sequence[int]) -> None:
        self._family = family_of(address)
        self._address = ipaddress.ip_address(address).packed
        self._ports = frozenset(numbers)
        self._netlink: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)

    def close(self) -> None:
        """Give back the netlink socket."""
        if self._netlink is not None:
            self._netlink.close()

    def attempts(self) -> list[Attempt]:
        """All attempts of this moment."""
        if self._netlink is not None:
            try:
                return list(self._by_netlink(self._netlink))
            except OSError:  # a kernel without inet_diag, or a filter on system calls
                self._netlink.close()
                self._netlink = None
        return list(self._by_proc())

    def _by_netlink(self, netlink: socket.socket) -> Iterator[Attempt]:
        query = _QUERY.pack(self._family, socket.IPPROTO_TCP, 0, 1 << _SYN_SENT)
        netlink.send(_HEADER.pack(_HEADER.size + len(query), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 0, 0) + query)
        while True:
            answer = netlink.recv(128 * 1024)
            at = 0
            while at < len(answer):
                length, kind, *_ = _HEADER.unpack_from(answer, at)
                if kind == _NLMSG_DONE:
                    return
                if kind == _NLMSG_ERROR:
                    (code,) = struct.unpack_from("=i", answer, at + _HEADER.size)
                    raise OSError(-code, errno.errorcode.get(-code, "netlink"))
                attempt = self._parsed(answer, at + _HEADER.size)
                if attempt is not None:
                    yield attempt
                at += (length + 3) & ~3

    def _parsed(self, answer: bytes, at: int) -> Attempt | None:
        (_, _, _, retransmits, source_port, port, _, destination, _, cookie, *_) = _ANSWER.unpack_from(answer, at)
        number = int.from_bytes(port)
        if number not in self._ports or destination[: len(self._address)] != self._address:
            return None
        return Attempt(number, int.from_bytes(source_port), retransmits, cookie)

    def _by_proc(self) -> Iterator[Attempt]:
        file = Path("/proc/net/tcp6" if self._family == socket.AF_INET6 else "/proc/net/tcp")
        for line in file.read_text().splitlines()[1:]:
            _, local, remote, state, _, _, retransmits, _, _, inode, *_ = line.split()
            destination, port = remote.split(":")
            number = int(port, 16)
            if int(state, 16) == _SYN_SENT and number in self._ports and _from_proc(destination) == self._address:
                yield Attempt(number, int(local.split(":")[1], 16), int(retransmits, 16), int(inode))


class AttemptWatch:
    """What was seen of the attempts on some silent ports while a program ran."""

    def __init__(self, kernel: Kernel) -> None:
        self.attempts_at_once = 0
        self.seen_ports: set[int] = set()
        self.retransmits = 0
        self.longest_s = 0.0
        self._kernel = kernel
        self._start = time.monotonic()
        self._first_seen: dict[tuple[int, int, int], float] = {}
        self._points: list[tuple[float, int]] = []

    def __repr__(self) -> str:
        return f"AttemptWatch({len(self._first_seen)} attempts, at most {self.attempts_at_once} at once)"

    def __str__(self) -> str:
        if not self.attempts:
            return "no attempt to connect"
        number = counted(self.attempts, "attempt")
        return f"{number} to connect, at most {self.attempts_at_once} at once; none was answered"

    @property
    def attempts(self) -> int:
        """How many different attempts were seen."""
        return len(self._first_seen)

    def timeline(self) -> list[tuple[float, int]]:
        """Points of (seconds since the watch began, attempts that hung)."""
        return list(self._points)

    def look(self) -> None:
        """Take one sample."""
        before = time.monotonic()
        found = self._kernel.attempts()
        now = time.monotonic()
        self._points.append((now - self._start, len(found)))
        self.attempts_at_once = max(self.attempts_at_once, len(found))
        for attempt in found:
            # Seen first after that call, seen still before this one: the life is between.
            first = self._first_seen.setdefault((attempt.port, attempt.source_port, attempt.socket_id), now)
            self.longest_s = max(self.longest_s, before - first)
            self.seen_ports.add(attempt.port)
            self.retransmits = max(self.retransmits, attempt.retransmits)

    async def run(self, every_s: float) -> None:
        """Sample for ever, ``every_s`` apart, or less often if looking is slow here."""
        while True:
            begin = time.monotonic()
            self.look()
            await asyncio.sleep(max(every_s, (time.monotonic() - begin) * _MOST_OF_THE_TIME))


def _from_proc(text: str) -> bytes:
    """An address as /proc/net/tcp writes it: 32-bit words in the machine's byte order."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return b"".join(word.to_bytes(4, sys.byteorder) for word in words)
