"""One request to another service, with a bound on its time and on the size of its answer.

It is for the few requests that a service makes in the background, such as fetching keys or posting a message: each has a connection
of its own, redirects are not followed, and nothing is asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, urlsplit

import httptools

from climb.stack.away import Away
from climb.stack.telemetry.traces import outgoing

__all__ = ["Answered", "ask"]

_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answered:
    """What came back: field names are in small letters."""

    status: int
    fields: Mapping[str, str]
    body: bytes


async def ask(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    fields: Mapping[str, str] | None = None,
    within_s: float = 5.0,
    most_bytes: int = 1024 * 1024,
    part: str = "other service",
) -> Answered:
    """The answer to that request; :class:`Away`, naming the ``part``, if there is none in time, or none that can be read."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(within_s):
            return await _asked(parts, _request(method, parts, body, fields or {}), most_bytes)
    except TimeoutError as error:
        raise Away(part, "no answer in time") from error
    except (OSError, EOFError, httptools.HttpParserError, ValueError) as error:
        raise Away(part, f"{type(error).__name__}: {error}") from error


def _request(method: str, parts: SplitResult, body: bytes, fields: Mapping[str, str]) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    said = {"Host": parts.netloc.rpartition("@")[2], "Connection": "close", **outgoing(), **fields}
    if body or method in {"POST", "PUT"}:
        said["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


@dataclass
class _Reading:
    """An answer that comes in pieces: the methods are those that the parser calls."""

    most_bytes: int
    status: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    whole: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value))
        self.fields[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._grow(len(body))
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        self.whole = self.status >= 200

    def _grow(self, more: int) -> None:
        self.size += more
        if self.size > self.most_bytes:
            raise ValueError("the answer is too long")


class _Parser:
    """An answer's parser that knows the status when the message ends."""

    def __init__(self, most_bytes: int) -> None:
        self.reading = _Reading(most_bytes)
        self.on_header, self.on_body = self.reading.on_header, self.reading.on_body
        self._parser = httptools.HttpResponseParser(self)  # it looks for the methods now

    def on_headers_complete(self) -> None:
        self.reading.status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        self.reading.on_message_complete()

    def feed(self, piece: bytes) -> None:
        self._parser.feed_data(piece)


async def _asked(parts: SplitResult, request: bytes, most_bytes: int) -> Answered:
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=_tls() if secure else None)
    parser = _Parser(most_bytes)
    reading = parser.reading
    try:
        writer.write(request)
        await writer.drain()
        while not reading.whole:
            piece = await reader.read(_PIECE_BYTES)
            if not piece:
                break
            parser.feed(piece)
    finally:
        with contextlib.suppress(OSError):
            writer.transport.abort()  # nothing more is said; a goodbye could be waited for
    if not reading.whole and (not reading.status or "content-length" in reading.fields or _is_chunked(reading.fields)):
        raise EOFError("the answer ended too early")
    return Answered(reading.status, reading.fields, b"".join(reading.pieces))


def _is_chunked(fields: Mapping[str, str]) -> bool:
    return "transfer-encoding" in fields


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
