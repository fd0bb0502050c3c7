"""An ASGI application as a resource of our own HTTP server: all but following a link is written with Starlette.

The request has come whole before the application is called, and its answer is sent when it is whole: none of ours is long. So there
is no flow control here, and nothing of a connection.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message

from climb.stack.http.problems import MEDIA_TYPE, Problem, problem_body
from climb.systems.http.answer import Answer
from climb.systems.http.resource import Request, Resource

__all__ = ["Kept", "asgi_resource", "problem_answer"]

_ADDED = frozenset({b"content-length", b"date", b"connection", b"transfer-encoding"})  # by the server, if at all


class Kept:
    """A body, but no more of it than one byte too many."""

    __slots__ = ("content", "most")

    def __init__(self, most: int) -> None:
        self.content = bytearray()
        self.most = most

    def add(self, piece: bytes) -> None:
        """Keep a piece."""
        room = self.most + 1 - len(self.content)
        if room > 0:
            self.content += piece[:room]


def asgi_resource(app: ASGIApp, most: int, address: tuple[str, int]) -> Resource:
    """What the application answers, for requests with bodies of at most that many bytes; of longer ones it gets one byte more."""

    async def in_loop(request: Request) -> Answer:
        return await _answered(app, request, address)

    return Resource(methods=None, answer=lambda _: None, body=lambda: Kept(most), in_loop=in_loop)


def problem_answer(status: int, text: str = "", fields: bytes = b"") -> Answer:
    """A problem (RFC 9457) where no application is asked."""
    detail = text.partition(": ")[2] or text
    wait = b"Retry-After: 1\r\n" if status == 503 else b""
    return Answer(status, problem_body(Problem(status, detail)), b"Content-Type: %b\r\n%b%b" % (_TYPE, wait, fields))


_TYPE = MEDIA_TYPE.encode()


async def _answered(app: ASGIApp, request: Request, address: tuple[str, int]) -> Answer:
    given = [{"type": "http.request", "body": bytes(getattr(request.body, "content", b"")), "more_body": False}]
    status = 500
    fields: list[tuple[bytes, bytes]] = []
    pieces: list[bytes] = []

    async def receive() -> Message:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, fields
        if message["type"] == "http.response.start":
            status, fields = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    await app(_scope(request, address), receive, send)
    lines = b"".join(b"%b: %b\r\n" % pair for pair in fields if pair[0].lower() not in _ADDED)
    return Answer(status, b"".join(pieces), lines)


def _scope(request: Request, address: tuple[str, int]) -> dict[str, Any]:
    head = request.head
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": f"1.{head.minor}",
        "method": head.method,
        "scheme": "http",
        "path": unquote_to_bytes(head.raw_path).decode("utf-8"),
        "raw_path": head.raw_path,
        "query_string": head.query,
        "root_path": "",
        "headers": head.fields.pairs,
        "client": None,
        "server": address,
    }
