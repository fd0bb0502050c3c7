"""The probe: an IP header and a TCP SYN, as bytes, for one host or for a thousand probes at once.

Everything in a probe but port and sequence number is the same for one host, the checksum included (``cookie.py`` tells
why). So a host has one template, a batch is templates joined, and the six bytes that differ are written as columns:
``frames[offset::length] = bytes`` is one loop in C for the whole batch. That is what an array library would do, without
the 200 ms that importing one costs a scan that takes 200 ms itself.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False  # importing ``typing`` costs more than sending a thousand probes
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MSS", "checksum", "template", "write_batch"]

TCP = 6
SYN, RST, ACK = 0x02, 0x04, 0x10
HOPS = 64  # time to live: what Linux itself sends
WINDOW = 1024
MSS = 1460  # the one option sent; some filters distrust a SYN that has none

_DONT_FRAGMENT = 0x4000
_IPV4 = struct.Struct("!BBHHHBBH4s4s")  # RFC 791, section 3.1
_IPV6 = struct.Struct("!IHBB16s16s")  # RFC 8200, section 3
_TCP = struct.Struct("!HHIIBBHHHBBH")  # RFC 9293, section 3.1, with the option "maximum segment size"

IP_LENGTH = {4: _IPV4.size, 16: _IPV6.size}  # by the length of a packed address


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def template(source: bytes, target: bytes, source_port: int, secret: int) -> bytes:
    """Return the probe of port 0 of ``target``; addresses are packed, four or sixteen bytes each.

    The IPv4 header checksum stays zero: the kernel fills it in (raw(7), IP_HDRINCL).
    """
    pseudo = source + target + struct.pack("!II", _TCP.size, TCP)  # RFC 9293 3.1 and RFC 8200 8.1: the sums are equal
    bare = _tcp(source_port, secret, 0)
    return _ip(source, target) + _tcp(source_port, secret, checksum(pseudo + bare))


def _tcp(source_port: int, sequence: int, check: int) -> bytes:
    words = _TCP.size // 4
    return _TCP.pack(source_port, 0, sequence, 0, words << 4, SYN, WINDOW, check, 0, 2, 4, MSS)


def _ip(source: bytes, target: bytes) -> bytes:
    if len(target) == 4:
        length = _IPV4.size + _TCP.size
        return _IPV4.pack(0x45, 0, length, 0, _DONT_FRAGMENT, HOPS, TCP, 0, source, target)
    return _IPV6.pack(6 << 28, _TCP.size, TCP, HOPS, source, target)


def write_batch(
    frames: bytearray, ip_length: int, heads: Sequence[bytes], ports: list[int], secrets: list[int]
) -> None:
    """Fill the start of ``frames`` with one probe per port: ``heads`` are templates, ``secrets`` their numbers."""
    count, length = len(ports), len(heads[0])
    end = count * length
    memoryview(frames)[:end] = b"".join(heads)
    port = struct.pack(f"!{count}H", *ports)
    sequence = struct.pack(f"!{count}I", *[s - p for s, p in zip(secrets, ports, strict=True)])
    at = ip_length + 2
    for byte in range(2):
        frames[at + byte : end : length] = port[byte::2]
    for byte in range(4):
        frames[at + 2 + byte : end : length] = sequence[byte::4]
