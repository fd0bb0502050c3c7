"""Servers of the judge that programs talk HTTP to: each request is read whole and answered by a function.

async def handler(asked: Asked) -> Reply | None:
    return Reply(204)

server = await world.listener(web(handler))
"""

from __future__ import annotations

import http
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httptools
import msgspec

if TYPE_CHECKING:
    from climb.judge.world.peer import Peer, Script

__all__ = ["Asked", "Handler", "Reply", "web"]

_LONGEST = 1024 * 1024  # bytes of a request: nobody sends the judge more


class Asked(msgspec.Struct, frozen=True):
    """A request that came; names of fields are in lower case."""

    method: str
    target: str
    fields: dict[str, str]
    body: bytes


class Reply(msgspec.Struct, frozen=True):
    """What is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


Handler = Callable[[Asked], Awaitable[Reply | None]]  # None: no answer ever comes, and the connection stays open


def web(handler: Handler) -> Script:
    """A script that serves connections with this handler, one request after the other; what is no HTTP is answered with 400."""

    async def script(peer: Peer) -> None:
        while (asked := await _read(peer)) is not None:
            request, keeps = asked
            reply = await handler(request) if request is not None else Reply(400)
            if reply is None:
                await peer.hold()
                return
            await peer.send(_written(reply, keeps=keeps, bodiless=request is not None and request.method == "HEAD"))
            if not keeps:
                return

    return script


class _Reader:
    """What httptools tells of a request."""

    def __init__(self) -> None:
        self.target = b""
        self.fields: dict[str, str] = {}
        self.body = bytearray()
        self.whole = False
        self.expects_continue = False
        self.headed = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.headed = True
        self.expects_continue = self.fields.get("expect", "").lower() == "100-continue"

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


async def _read(peer: Peer) -> tuple[Asked | None, bool] | None:
    """The next request (None: it is none), and whether the connection is kept; None at the end of the connection."""
    reader = _Reader()
    parser = httptools.HttpRequestParser(reader)
    size = 0
    while not reader.whole:
        data = await peer.receive()
        size += len(data)
        if not data:
            return None
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            return None, False
        if size > _LONGEST:
            return None, False
        if reader.expects_continue and not reader.whole:
            reader.expects_continue = False
            await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    asked = Asked(parser.get_method().decode(), reader.target.decode("latin-1"), reader.fields, bytes(reader.body))
    return asked, parser.should_keep_alive()


def _written(reply: Reply, *, keeps: bool, bodiless: bool) -> bytes:
    status = http.HTTPStatus(reply.status)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    if reply.body:
        lines.append(f"Content-Type: {reply.content_type}")
    if reply.status >= 200 and reply.status != 204:
        lines.append(f"Content-Length: {len(reply.body)}")
    if not keeps:
        lines.append("Connection: close")
    head = "\r\n".join([*lines, "", ""]).encode()
    return head if bodiless else head + reply.body
