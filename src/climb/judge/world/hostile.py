"""Scripts for servers that mean harm, or are broken. Each function returns a script for ``World.listener``.

Those that never end stop when the peer is gone. They send a chunk only when the last one was taken, and rest after each, so a
program that reads without a bound harms itself and not the judge.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from climb.judge.world.scripts import hold, http_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from climb.judge.world.peer import Peer, Script

__all__ = [
    "endless_body",
    "endless_headers",
    "endless_line",
    "garbage",
    "huge_body",
    "huge_chunk",
    "invalid_utf8_page",
    "never_reads",
    "one_byte_a_second",
    "reset_after_request",
    "reset_at_once",
    "short_body",
    "silent_tls",
    "slow_tls",
    "tarpit",
]

_CHUNK_BYTES = 64 * 1024
_REST_S = 0.001  # after each chunk: at most 64 MB a second to one peer
_OK = b"HTTP/1.1 200 OK\r\nServer: hostile\r\nContent-Type: text/html\r\n"


def tarpit() -> Script:
    """Accept, read everything, never answer."""
    return hold()


def silent_tls() -> Script:
    """Read the ClientHello and never answer it. On the wire this is a tarpit; the port's number may promise TLS."""
    return hold()


def never_reads() -> Script:
    """Accept, then neither read nor write: a client that sends much gets stuck."""

    async def script(peer: Peer) -> None:
        await peer.ignore()

    return script


def one_byte_a_second(data: bytes = _OK + b"\r\n", every_s: float = 1.0) -> Script:
    """Send ``data`` a byte at a time, so that each single read succeeds in time and the whole never ends."""

    async def script(peer: Peer) -> None:
        await peer.drip(data, every_s)
        await peer.hold()

    return script


def slow_tls(every_s: float = 1.0) -> Script:
    """Answer a ClientHello one byte at a time, with the beginning of a ServerHello whose record is 16 KiB long."""
    record = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03"  # RFC 8446 sections 5.1 and 4

    async def script(peer: Peer) -> None:
        await peer.receive()
        await peer.drip(record + bytes(_CHUNK_BYTES), every_s)

    return script


def garbage(data: bytes, *, asked: bool = False) -> Script:
    """Send these bytes, whatever they are: at once, or after the client has sent something. Then hold."""

    async def script(peer: Peer) -> None:
        if asked:
            await peer.receive()
        await peer.send(data)
        await peer.hold()

    return script


def reset_at_once() -> Script:
    """Complete the handshake, then cut the connection with RST."""

    async def script(peer: Peer) -> None:
        await peer.reset()

    return script


def reset_after_request(partly: bytes = b"") -> Script:
    """Read the request, send ``partly``, then cut the connection with RST."""

    async def script(peer: Peer) -> None:
        await peer.receive()
        await peer.send(partly)
        await peer.reset()

    return script


def endless_line() -> Script:
    """A banner whose first line never ends, sent unasked."""

    async def script(peer: Peer) -> None:
        await _pour(peer, _filler())

    return script


def endless_headers() -> Script:
    """A response whose headers never end."""

    def blocks() -> Iterator[bytes]:
        for block in itertools.count():
            yield b"".join(b"X-%08d: padding\r\n" % number for number in range(block * 3072, block * 3072 + 3072))

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(_OK)
        await _pour(peer, blocks())

    return script


def endless_body(*, chunked: bool = False) -> Script:
    """A response whose body never ends: until the close, or in ever more chunks."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        if chunked:
            await peer.send(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
            await _pour(peer, _filler(b"%x\r\n" % _CHUNK_BYTES, b"\r\n"))
        await peer.send(_OK + b"Connection: close\r\n\r\n")
        await _pour(peer, _filler())

    return script


def huge_body(total_bytes: int) -> Script:
    """A right response with a body of this size, announced in Content-Length and made as it is sent."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(_OK + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % total_bytes)
        full, rest = divmod(total_bytes, _CHUNK_BYTES)
        await _pour(peer, itertools.islice(_filler(), full))
        await peer.send(b"A" * rest)

    return script


def short_body(promised: int = 1000, body: bytes = b"<title>cut off") -> Script:
    """A response that promises more bytes than it sends before it ends."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(_OK + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % promised + body)

    return script


def huge_chunk() -> Script:
    """A chunked response whose first chunk claims 2**64 - 1 bytes, sends a few, and holds."""
    return garbage(_OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n<title>huge", asked=True)


def invalid_utf8_page(title: bytes = b"caf\xe9 \xff\xfe") -> Script:
    """A page whose title is not UTF-8, though the header says so."""
    body = b"<html><head><title>" + title + b"</title></head></html>"
    return http_response(headers={"Content-Type": "text/html; charset=utf-8"}, body=body)


def _filler(before: bytes = b"", after: bytes = b"") -> Iterator[bytes]:
    return itertools.repeat(before + b"A" * _CHUNK_BYTES + after)


async def _pour(peer: Peer, chunks: Iterable[bytes]) -> None:
    """Send all chunks, with a rest after each. Ends with the chunks, or with the peer."""
    for chunk in chunks:
        await peer.send(chunk)
        await peer.wait(_REST_S)
