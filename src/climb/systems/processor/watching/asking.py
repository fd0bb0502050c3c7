"""Questions to a processor over HTTP: an answer as a whole, bounded in time and size, or its events as they come.

Whatever else listens at the address may answer what it likes, so nothing is followed, nothing is kept that is not of the expected
form, and no text of an answer is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlencode

import httptools
import msgspec

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.watching.address import Address

__all__ = ["Event", "NoAnswer", "NotAProcessor", "Refused", "ask", "events"]

T = TypeVar("T")

_MOST_BYTES = 8 << 20  # of an answer; a page of a thousand windows has a quarter of one
_MOST_HEAD = 64 << 10
_LONGEST_LINE = 16 << 10  # of an event stream
_AT_ONCE = 64 << 10


class NoAnswer(EdgeError):
    """Nothing listens there, or it does not answer now."""


class NotAProcessor(EdgeError):
    """Something answers, and not as the contract says."""


class Refused(NotAProcessor):
    """The question was answered with 400: a cursor of another life of the processor, for one."""


class Event(msgspec.Struct, frozen=True):
    """An event and its id."""

    id: str
    data: str


async def ask(address: Address, path: str, kind: type[T], *, within_s: float, **query: str | int) -> T:
    """The answer to ``GET path``; raise NoAnswer or NotAProcessor."""
    body = bytearray()
    try:
        async with asyncio.timeout(within_s), _answer(address, path, query) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > _MOST_BYTES:
                    raise NotAProcessor(f"{address} answers with more than {_MOST_BYTES >> 20} MiB")
    except TimeoutError:
        raise NoAnswer(f"{address} did not answer within {within_s:g} s") from None
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NotAProcessor(f"{address} answers, but {path} is not what a processor tells") from error


@asynccontextmanager
async def events(
    address: Address, path: str, *, silence_s: float, **query: str | int
) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of ``GET path``, which end when the connection does; raise NoAnswer or NotAProcessor.

    After ``silence_s`` without a byte the processor counts as gone.
    """
    async with _answer(address, path, query, silence_s=silence_s) as pieces:
        yield _events(pieces)


@asynccontextmanager
async def _answer(
    address: Address, path: str, query: dict[str, str | int], *, silence_s: float | None = None
) -> AsyncIterator[AsyncIterator[bytes]]:
    target = f"{path}?{urlencode(query)}" if query else path
    try:
        async with asyncio.timeout(silence_s):
            reader, writer = await asyncio.open_connection(address.host, address.port)
    except (OSError, TimeoutError):
        raise NoAnswer(f"nothing answers at {address}") from None
    try:
        head = f"GET {target} HTTP/1.1\r\nhost: {address.authority}\r\naccept: application/json, text/event-stream\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        yield _body(reader, address, silence_s)
    except OSError:
        raise NoAnswer(f"{address} closed the connection") from None
    finally:
        writer.transport.abort()  # nothing of ours is on its way any more


class _Head:
    """Called by httptools."""

    def __init__(self) -> None:
        self.complete = self.done = False
        self.pieces: list[bytes] = []

    def on_headers_complete(self) -> None:
        self.complete = True

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.done = True


async def _body(reader: asyncio.StreamReader, address: Address, silence_s: float | None) -> AsyncIterator[bytes]:
    head = _Head()
    parser = httptools.HttpResponseParser(head)
    before = 0
    while not head.done:
        try:
            async with asyncio.timeout(silence_s):
                data = await reader.read(_AT_ONCE)
        except TimeoutError:
            raise NoAnswer(f"{address} is silent") from None
        if not data:
            if not head.complete:
                raise NoAnswer(f"{address} closed the connection")
            return
        try:
            parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise NotAProcessor(f"{address} answers, but not in HTTP") from error
        before += 0 if head.complete else len(data)
        if before > _MOST_HEAD:
            raise NotAProcessor(f"{address} answers with a head that does not end")
        if head.complete:
            _demand_success(parser.get_status_code(), address)
        pieces, head.pieces = head.pieces, []
        for piece in pieces:
            yield piece


def _demand_success(status: int, address: Address) -> None:
    if status == 503:
        raise NoAnswer(f"{address} is not ready, or is stopping")
    if status == 400:
        raise Refused(f"{address} answers with HTTP status 400")
    if status != 200:
        raise NotAProcessor(f"{address} answers, but not as a processor: HTTP status {status}")


async def _events(pieces: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Lines to events (HTML standard, section 9.2.6), as far as a processor sends them: an id and one line of data."""
    rest, id_, data = b"", "", ""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise NotAProcessor("a line of the event stream does not end")
        for line in lines:
            name, _, value = line.rstrip(b"\r").decode(errors="replace").partition(":")
            value = value.removeprefix(" ")
            if not line.strip():
                if data:
                    yield Event(id_, data)
                data = ""
            elif name == "id":
                id_ = value
            elif name == "data":
                data = value
