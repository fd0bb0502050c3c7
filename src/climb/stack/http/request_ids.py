"""A name for each request, in its answer and in all that is logged on its way."""

from __future__ import annotations

import random
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climb.stack.telemetry.current import request_id

__all__ = ["RequestIds"]

_FIELD = b"x-request-id"
_GOOD = re.compile(rb"[A-Za-z0-9_-]{1,64}")


class RequestIds:
    """Answers have the ``X-Request-Id`` of their request, if that is harmless, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _given(scope["headers"]) or b"%016x" % random.getrandbits(64)
        request_id.set(name.decode())  # each request has a task, and so a context of its own

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_FIELD, name)]
            await send(message)

        await self._app(scope, receive, send_named)


def _given(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    given = [value for field, value in headers if field == _FIELD]
    return given[0] if len(given) == 1 and _GOOD.fullmatch(given[0]) else None
