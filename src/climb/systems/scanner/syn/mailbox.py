"""Received packets one by one, from raw sockets: for the scan that is over before a ring would be set up.

Making and closing a packet socket each wait until every processor has passed through a quiet state (an RCU grace
period), some 10 to 20 ms. That is nothing beside a full port range and more than everything else beside a thousand
probes. Raw sockets cost nothing to open, but a system call per packet. IPv4 only: an IPv6 raw socket withholds the IP
header (RFC 3542, section 3).

Same methods as ``ring.Ring``, so whoever reads does not care.
"""

from __future__ import annotations

import _socket
import select
import struct
import time

from climb.systems.scanner.syn.bpf import assemble
from climb.systems.scanner.syn.kernel import attach_filter, grow_buffer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from climb.systems.scanner.syn.bpf import Instruction

__all__ = ["Mailbox"]

CHUNK = 1024  # packets read at once
LENGTH = 256  # bytes of a packet that are kept, more than a probe's answer has

_SO_TIMESTAMPNS = 35
_BUFFER = 16 << 20  # bytes of kernel memory: a packet of 44 bytes is accounted with over 1000
_TIME = struct.Struct("@qq")  # struct timespec
_ANCILLARY = _socket.CMSG_SPACE(_TIME.size)


class Mailbox:
    """The answers that passed the filter. A context manager; reading never waits, ``wait`` does."""

    def __init__(self, instructions: list[Instruction]) -> None:
        """Open one socket for TCP answers and one for ICMP messages."""
        self._poll = select.poll()
        self._sockets: list[_socket.socket] = []
        try:
            for protocol in (_socket.IPPROTO_TCP, _socket.IPPROTO_ICMP):
                self._sockets.append(self._open(protocol, assemble(instructions)))
        except BaseException:
            self.close()
            raise
        self._packets: list[bytes] = []
        self._times: list[float] = []

    def _open(self, protocol: int, code: bytes) -> _socket.socket:
        socket = _socket.socket(_socket.AF_INET, _socket.SOCK_RAW, protocol)
        try:
            attach_filter(socket, code)
            grow_buffer(socket, _BUFFER, receive=True)
            socket.setsockopt(_socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        except BaseException:
            socket.close()
            raise
        self._poll.register(socket.fileno(), select.POLLIN)
        return socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the sockets."""
        for socket in self._sockets:
            socket.close()

    def wait(self, seconds: float) -> None:
        """Return when a packet is there, or after this time."""
        self._poll.poll(seconds * 1000)

    def ready(self) -> int:
        """Return how many packets can be read now; they are columns until ``release``."""
        if not self._packets:
            for socket in self._sockets:
                self._take(socket)
        return len(self._packets)

    def _take(self, socket: _socket.socket) -> None:
        for _ in range(CHUNK - len(self._packets)):
            try:
                packet, ancillary, _flags, _from = socket.recvmsg(LENGTH, _ANCILLARY, _socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            self._packets.append(packet)
            self._times.append(_moment(ancillary))

    def column(self, offset: int, count: int) -> bytes:
        """Return one byte of each of the next ``count`` packets."""
        return bytes([packet[offset] for packet in self._packets[:count]])

    def columns(self, offset: int, width: int, count: int) -> bytes:
        """Return ``width`` bytes of each of the next ``count`` packets, one packet after the other."""
        return b"".join([packet[offset : offset + width] for packet in self._packets[:count]])

    def packet(self, number: int) -> bytes:
        """Return the kept bytes of one of the packets that are ready."""
        return self._packets[number]

    def received_at(self, number: int) -> float:
        """Return when the kernel took this packet in, on the clock of ``time.time``."""
        return self._times[number]

    def release(self, count: int) -> None:
        """Forget the first ``count`` packets."""
        del self._packets[:count], self._times[:count]


def _moment(ancillary: list[tuple[int, int, bytes]]) -> float:
    for _level, kind, data in ancillary:
        if kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIME.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
