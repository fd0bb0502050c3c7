"""Received packets in memory shared with the kernel, read a batch at a time and without a system call per packet.

PACKET_MMAP, version TPACKET_V2 (kernel Documentation/networking/packet_mmap.rst): the ring is an array of slots of one
size, the kernel fills the next one and sets its status word, we read it and set the word back. Because the slots are
equally long, "byte 33 of the next thousand packets" is one strided slice of the mapping. Version 3 packs more tightly
but hands a block over only when it is full or a timer fires, which would make each scan end late.
"""

from __future__ import annotations

import _socket
import mmap
import select
import struct

from climb.systems.scanner.syn.bpf import ETHERTYPE, assemble
from climb.systems.scanner.syn.kernel import attach_filter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from climb.systems.scanner.syn.bpf import Instruction

__all__ = ["SLOTS", "Ring"]

SLOT = 256  # bytes: 80 of bookkeeping and the 120 that the filter keeps, rounded up to a power of two
SLOTS = 8192  # 2 MiB; the sender never has more than half as many answers on their way unread
BLOCK = 1 << 16  # bytes that the kernel allocates at once, a multiple of page and slot
PACKET = 80  # where the packet starts in a slot: TPACKET_ALIGN(TPACKET2_HDRLEN) + 16 for a cooked socket
CHUNK = 1024  # slots read at once: the rest of the ring stays out of the processor's cache

_SOL_PACKET, _RX_RING, _VERSION, _V2 = 263, 5, 10, 1  # <linux/if_packet.h>
_TIME = struct.Struct("@II")  # tp_sec, tp_nsec
_TIME_AT = 16
_NAME = struct.Struct("@HHiHBB8s")  # struct sockaddr_ll


class Ring:
    """The answers that passed the filter. A context manager; reading never waits, ``wait`` does."""

    def __init__(self, address_length: int, instructions: list[Instruction]) -> None:
        """Open the socket on all interfaces, but for one protocol: so it is not shown what this machine sends.

        A packet that came in before the filter was attached waits outside the ring and is dropped when the ring is made.
        """
        protocol = _socket.htons(ETHERTYPE[address_length])
        self._socket = _socket.socket(_socket.AF_PACKET, _socket.SOCK_DGRAM, protocol)
        try:
            attach_filter(self._socket, assemble(instructions))
            self._socket.setsockopt(_SOL_PACKET, _VERSION, _V2)
            size = SLOT * SLOTS
            self._socket.setsockopt(_SOL_PACKET, _RX_RING, struct.pack("@IIII", BLOCK, size // BLOCK, SLOT, SLOTS))
            self._memory = mmap.mmap(self._socket.fileno(), size)
        except BaseException:
            self._socket.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._socket.fileno(), select.POLLIN)
        self._at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.close()
        self._socket.close()

    def wait(self, seconds: float) -> None:
        """Return when a packet is there, or after this time."""
        self._poll.poll(seconds * 1000)

    def ready(self) -> int:
        """Return how many packets can be read now; they are columns until ``release``."""
        start = self._at * SLOT
        if not self._memory[start]:
            return 0
        end = min(start + CHUNK * SLOT, SLOT * SLOTS)
        status = self._memory[start:end:SLOT]
        count = status.find(0)
        return len(status) if count < 0 else count

    def column(self, offset: int, count: int) -> bytes:
        """Return one byte of each of the next ``count`` packets."""
        start = self._at * SLOT + PACKET + offset
        return self._memory[start : start + (count - 1) * SLOT + 1 : SLOT]

    def columns(self, offset: int, width: int, count: int) -> bytes:
        """Return ``width`` bytes of each of the next ``count`` packets, one packet after the other."""
        joined = bytearray(width * count)
        for byte in range(width):
            joined[byte::width] = self.column(offset + byte, count)
        return bytes(joined)

    def packet(self, number: int) -> bytes:
        """Return the kept bytes of one of the packets that are ready."""
        start = (self._at + number) * SLOT + PACKET
        return self._memory[start : start + SLOT - PACKET]

    def received_at(self, number: int) -> float:
        """Return when the kernel took this packet in, on the clock of ``time.time``."""
        seconds, nanoseconds = _TIME.unpack_from(self._memory, (self._at + number) * SLOT + _TIME_AT)
        return float(seconds + nanoseconds / 1e9)

    def release(self, count: int) -> None:
        """Give the slots of ``count`` packets back to the kernel, which takes one only if its status is all zero."""
        start = self._at * SLOT
        end = start + count * SLOT
        zeros = bytes(count)
        for byte in (3, 2, 1, 0):
            self._memory[start + byte : end : SLOT] = zeros
        self._at = (self._at + count) % SLOTS
