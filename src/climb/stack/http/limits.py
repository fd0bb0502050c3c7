"""How long a request may take and how much it may carry. What comes before a request is known stands in ``protocol``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climb.stack.http.problems import Problem, busy
from climb.stack.http.route_template import route_template

__all__ = ["Limited", "Limits"]


@dataclass(frozen=True)
class Limits:
    """What a request may take: ``larger_bodies`` are routes by their template that take more."""

    body_bytes: int = 64 * 1024
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    request_s: float = 10.0


class Limited:
    """Answers 413 to a body that is too long, as soon as that is known, and 503 when there is no answer in time."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\0" in scope["path"]:
            raise Problem(404)  # nothing has such a name, and no database would look for it
        try:
            async with asyncio.timeout(self._limits.request_s) as limit:
                await self._app(scope, self._counted(scope, receive), send)
        except TimeoutError:
            if not limit.expired():
                raise
            raise busy("the answer took too long") from None

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        said, came = _content_length(scope["headers"]), 0

        async def counted() -> Message:
            nonlocal came
            most = self._most(scope)
            if said > most:
                raise _too_long(most)  # before reading, and before a client that waits for a 100 is told to send
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise _too_long(most)
            return message

        return counted

    def _most(self, scope: Scope) -> int:
        return self._limits.larger_bodies.get(route_template(scope), self._limits.body_bytes)


def _content_length(headers: list[tuple[bytes, bytes]]) -> int:
    """As the client says; the parser has made sure that it is one number (RFC 9112, 6.3)."""
    return next((int(value) for name, value in headers if name == b"content-length"), 0)


def _too_long(most: int) -> Problem:
    return Problem(413, f"the body has more than {most} bytes")
