"""One connection of the process that sends HTTP: a request at a time, and where its answer ends.

No more of an answer is looked at than its status and its end; what answers must be like, other checks ask.
"""

from __future__ import annotations

import asyncio
import os
from typing import Protocol, cast

import httptools

__all__ = ["HttpConnection"]

_FRAMED = (b"\ncontent-length:", b"\ntransfer-encoding:")
_STATUS = slice(9, 12)  # of "HTTP/1.1 200"


class _Sender(Protocol):
    """Whom a connection tells."""

    def answered(self, connection: HttpConnection, status: int, *, stays: bool) -> None: ...

    def lost(self, connection: HttpConnection, how: str) -> None: ...


class HttpConnection(asyncio.Protocol):
    """``request`` is the one under way, by its number, or -1; ``due_ns`` is when its time was."""

    def __init__(self, sender: _Sender) -> None:
        self.request = -1
        self.due_ns = 0
        self.free_since_ns = 0
        self._sender = sender
        self._parser = httptools.HttpResponseParser(self)
        self._head = False
        self._first = b""
        self._complete = 0
        self._status = 0
        self._stays = True

    def send(self, data: bytes, request: int, due_ns: int, *, head: bool) -> None:
        """Send a request; nothing is under way."""
        self.request, self.due_ns, self._head = request, due_ns, head
        self._first = b""
        self._transport.write(data)

    def abort(self) -> None:
        """Close it, whatever is under way."""
        self._transport.abort()

    # --- what the loop and the parser call ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being of that class

    def data_received(self, data: bytes) -> None:
        if self._head:
            self._feed_head(data)
            return
        if not self._first:
            self._first = data
        self._complete = 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._sender.lost(self, "what came is no answer")
            return
        if self._complete:
            self._answered()

    def on_message_complete(self) -> None:
        """Called by the parser, which knows only now whether the connection stays."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._complete += 1
            self._status = status
            self._stays = self._parser.should_keep_alive()

    def connection_lost(self, error: Exception | None) -> None:
        if error is None and self.request >= 0 and self._ended_by_close():
            self._sender.answered(self, int(self._first[_STATUS]), stays=False)
        elif isinstance(error, OSError) and error.errno:
            self._sender.lost(self, os.strerror(error.errno).lower())
        else:
            self._sender.lost(self, "closed without a whole answer")

    # --- where answers end ---

    def _answered(self) -> None:
        if self.request < 0 or self._complete > 1:
            self._sender.lost(self, "more answers than requests")
        else:
            self._sender.answered(self, self._status, stays=self._stays)

    def _feed_head(self, data: bytes) -> None:
        """An answer to HEAD ends with its head, whatever that says of a body."""
        self._first += data
        head, end, rest = self._first.partition(b"\r\n\r\n")
        if not end:
            return
        if not head[_STATUS].isdigit() or rest:
            self._sender.lost(self, "what came is no answer to HEAD")
        elif head[_STATUS] < b"200":
            self._first = b""
        else:
            self._parser = httptools.HttpResponseParser(self)
            lower = head.lower()
            self._sender.answered(self, int(head[_STATUS]), stays=b"\nconnection: close" not in lower)

    def _ended_by_close(self) -> bool:
        """Whether the answer under way is one that ends with its connection: a whole head that names no other end."""
        head, end, _ = self._first.lower().partition(b"\r\n\r\n")
        return bool(end) and not self._head and head[_STATUS].isdigit() and not any(each in head for each in _FRAMED)
