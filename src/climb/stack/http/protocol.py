"""uvicorn's HTTP protocol with the bounds that it does not have: on the head, on silence, and on the number of connections.

uvicorn closes a connection that is idle between requests. It lets a client take any time over a head, send a head of any length,
stop in the middle of a body, or never read its answers. Each of these holds memory for as long as the client likes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from climb.stack.http.problems import MEDIA_TYPE, Problem, problem_body

__all__ = ["BoundedProtocol", "Bounds", "bounded_protocol"]

_LINGER_S = 1.0
_BODY_FIELDS = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True)
class Bounds:
    """What one client can make the server keep, and wait for."""

    head_bytes: int = 16 * 1024
    head_s: float = 10.0
    stall_s: float = 10.0
    """between two pieces of a body, and for a client to take what is written"""
    discarded_bytes: int = 16 * 1024 * 1024
    """of a body whose answer has been given already"""
    connections: int = 10_000


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A clock runs whenever the next step is the client's; uvicorn's own runs between requests."""

    bounds: ClassVar[Bounds] = Bounds()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the class above
        super().connection_made(transport)
        self._clock: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = False
        self._head_bytes = self._discarded_bytes = self._between_bytes = 0
        self._refusal: int | None = None
        self._refused = False
        if len(self.connections) > self.bounds.connections:
            self._refuse(503)
            return
        self._wait(self.bounds.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_writing()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return  # what follows is nothing
        in_head_before = self._in_head
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if self._in_head:
            self._go_on_with_head(len(data), begun=not in_head_before)
        elif self._in_body:
            self._go_on_with_body(len(data))
        elif self._clock is None and (self.cycle is None or self.cycle.response_complete):
            self._wait(
                self.bounds.head_s
            )  # empty lines before a head (RFC 9112, 2.2); uvicorn's own clock has stopped at them

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if (
            not self._in_body
        ):  # else it is a trailer: nobody here reads them, and they must not join the head (RFC 9110, 6.5.1)
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._between_bytes = -1
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._discarded_bytes, self._between_bytes = False, True, 0, -1
        self._stop_waiting()
        hosts, length, has_body = 0, len(self.url), False
        for name, value in self.headers:
            length += len(name) + len(value) + 4
            hosts += name == b"host"
            has_body = has_body or name in _BODY_FIELDS
        if length > self.bounds.head_bytes:
            self._refusal = 431
            raise ValueError("the head is too long")  # the parser ends, and send_400_response is called
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise ValueError("one Host is needed (RFC 9112, 3.2)")
        super().on_headers_complete()
        if getattr(self.server_state, "draining", False):
            self.cycle.keep_alive = False
        if has_body:
            self.cycle.transport = cast("asyncio.Transport", _AnswerTransport(self))

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = False
        self._stop_waiting()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_writing()
        self._watch_writing(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._abort_later()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text; ours is a problem
        self._refuse(self._refusal or 400)

    def shutdown(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()  # closes it if nothing is under way
            if self.transport.is_closing():
                self._abort_later()

    def _unsupported_upgrade_warning(self) -> None:
        """A request to go on in another protocol is answered as if it did not ask; nothing can follow it (RFC 9110, 7.8)."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _go_on_with_head(self, length: int, *, begun: bool) -> None:
        """A head that is not whole yet has a time, from its first byte to its last, and a length."""
        if begun:
            self._head_bytes = 0
            self._wait(self.bounds.head_s)
            return
        self._head_bytes += length
        if self._head_bytes > self.bounds.head_bytes:
            self._refuse(431)

    def _go_on_with_body(self, length: int) -> None:
        """A body has a time between its pieces, and what stands between them, such as extensions and trailers, a length."""
        self._wait(self.bounds.stall_s)
        self._between_bytes = 0 if self._between_bytes < 0 else self._between_bytes + length
        if self._between_bytes > self.bounds.head_bytes:
            self._refuse(431)
        self._discard(length)

    def _discard(self, length: int) -> None:
        if self.cycle is not None and self.cycle.response_complete:
            self._discarded_bytes += length
            if self._discarded_bytes > self.bounds.discarded_bytes:
                self.transport.abort()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._clock = self.loop.call_later(seconds, self._waited)

    def _waited(self) -> None:
        """The client did not do its part in time. Reading that we stopped ourselves is no silence of the client's."""
        if self.flow.read_paused:
            self._wait(self.bounds.stall_s)
        elif self._in_head or self._in_body:
            self._refuse(408)
        else:
            self.transport.close()  # it never began

    def _stop_waiting(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _watch_writing(self, before: int) -> None:
        self._writing = self.loop.call_later(self.bounds.stall_s, self._is_read, before)

    def _is_read(self, before: int) -> None:
        """A client that takes something now and then is slow; one that takes nothing is let go."""
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self.transport.abort()
        else:
            self._watch_writing(left)

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _refuse(self, status: int) -> None:
        """Say what is wrong, if it is this request's turn to be answered and it was not, and end the connection."""
        self._refused = True
        self._stop_waiting()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not self._in_body:
            cycle.keep_alive = False  # earlier requests are answered first; behind the last of them the connection ends
            return
        if cycle is None or not cycle.response_started or (cycle.response_complete and not self._in_body):
            self.transport.write(_refusal(status))
        self._close_gently()

    def _close_gently(self) -> None:
        """Tell the client that nothing follows, and give it a moment to read what was said before.

        Closing while more is on its way would make the kernel throw our words away (RFC 9112, 9.6).
        """
        self._refused = True
        self._stop_waiting()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self._close)

    def _close(self) -> None:
        self.transport.close()
        self._abort_later()

    def _abort_later(self) -> None:
        """A closed connection waits for its client to read; not for ever."""
        self.loop.call_later(self.bounds.stall_s, self.transport.abort)


class _AnswerTransport:
    """What an answer to a request with a body is written to: to close it before the body is over is to close it gently."""

    def __init__(self, connection: BoundedProtocol) -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        if self._connection._in_body:  # noqa: SLF001 - of the same module
            self._connection._close_gently()  # noqa: SLF001
        else:
            self._connection.transport.close()


def bounded_protocol(bounds: Bounds) -> type[BoundedProtocol]:
    """The protocol with these bounds, as uvicorn takes it."""
    return type("BoundedProtocol", (BoundedProtocol,), {"bounds": bounds})


def _refusal(status: int) -> bytes:
    body = problem_body(Problem(status))
    fields: dict[str, Any] = {"content-type": MEDIA_TYPE, "content-length": len(body), "connection": "close"}
    if status == 503:
        fields["retry-after"] = 1
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return STATUS_LINE[status] + head.encode() + b"\r\n" + body
