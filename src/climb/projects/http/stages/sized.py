"""Requests of a given size: heads, request lines, trailers and chunk lines with just so many bytes."""

from __future__ import annotations

from collections.abc import Callable

from climb.judge.world.draws import Draws

__all__ = ["HEADS", "chunked_with_extension", "chunked_with_trailers", "head_of", "line_of"]

_CHUNKED = "POST /mirror HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
_VALUE = 20  # bytes of a short value


def _one_long_field(size: int, host: str) -> bytes:
    begin = f"GET /mirror HTTP/1.1\r\nHost: {host}\r\nX-Fill: "
    return _filled(begin, "\r\n\r\n", size)


def _many_fields(size: int, host: str) -> bytes:
    begin = f"GET /mirror HTTP/1.1\r\nHost: {host}\r\n"
    number = 0
    while len(begin) + 80 < size:
        begin += f"X-{number}: {'v' * _VALUE}\r\n"
        number += 1
    return _filled(f"{begin}X-Fill: ", "\r\n\r\n", size)


def _long_target(size: int, host: str) -> bytes:
    return _filled("GET /mirror/", f" HTTP/1.1\r\nHost: {host}\r\n\r\n", size)


HEADS: dict[str, Callable[[int, str], bytes]] = {
    "one long field": _one_long_field,
    "many fields": _many_fields,
    "a long target": _long_target,
}


def head_of(size: int, host: str, shape: str) -> bytes:
    """A whole head of exactly this many bytes, its empty line included."""
    return HEADS[shape](size, host)


def line_of(size: int, host: str) -> bytes:
    """A head whose request line alone, its CRLF included, has this many bytes."""
    return _filled("GET /mirror/", " HTTP/1.1\r\n", size) + f"Host: {host}\r\n\r\n".encode()


def chunked_with_trailers(size: int, host: str) -> bytes:
    """A request with a body in chunks, and trailers of this many bytes, their empty line included."""
    return _CHUNKED.format(host=host).encode() + b"5\r\nhello\r\n0\r\n" + _filled("X-Fill: ", "\r\n\r\n", size)


def chunked_with_extension(size: int, host: str, draw: Draws) -> bytes:
    """A request with a body in chunks, one of which has a size and an extension of this many bytes, without CRLF."""
    line = _filled("5;a=", "", size)
    first = draw.flag()
    other = b"3\r\nabc\r\n"
    chunks = line + b"\r\nhello\r\n"
    return _CHUNKED.format(host=host).encode() + (chunks + other if first else other + chunks) + b"0\r\n\r\n"


def _filled(begin: str, end: str, size: int) -> bytes:
    missing = size - len(begin) - len(end)
    if missing < 0:
        raise ValueError(f"{begin!r} and {end!r} do not fit into {size} bytes")
    return f"{begin}{'a' * missing}{end}".encode()
