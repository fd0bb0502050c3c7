"""The HTTP driver: requests of HTTP/1.1, each over a connection of its own, and what came back, whole."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httptools
import msgspec

from climb.judge.drivers.connection import PATIENCE_S, Connection
from climb.judge.drivers.recording import Recording
from climb.judge.drivers.sse import EventStream
from climb.judge.evidence import Comparison
from climb.judge.expect import Failure

__all__ = ["Headers", "HttpClient", "Response"]

NewRecording = Callable[[str], Recording]


class Headers(Mapping[str, str]):
    """Header fields by name, in any case; fields of one name are joined by a comma (RFC 9110, 5.3)."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """One more field."""
        key = name.lower()
        self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"


class Response:
    """An answer, whole."""

    def __init__(self, recording: Recording) -> None:
        self.status = 0
        self.reason = ""
        self.headers = Headers()
        self.body = b""
        self.seconds = 0.0  # from the request to the last byte of the answer
        self._recording = recording

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"

    @property
    def text(self) -> str:
        """The body as UTF-8, other bytes replaced."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; fails the check if it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.blame(
                "a JSON body", f"{self.text[:200]!r}   ({error})", "The contract answers this request with JSON."
            )

    def blame(self, expected: str, received: str, why: str) -> Any:
        """Fail the check for this answer, with the transcript."""
        comparison = Comparison(subject=self._recording.peer, expected=expected, received=received, why=why)
        raise Failure(self._recording.peer, comparison, self._recording.exchange())


class HttpClient:
    """Requests to one server. ``new_recording`` makes the transcript of each."""

    def __init__(self, address: tuple[str, int], new_recording: NewRecording, now: Callable[[], float]) -> None:
        self.address = address
        self._new_recording = new_recording
        self._now = now

    async def get(
        self,
        target: str,
        *,
        status: int | None = 200,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Response:
        """GET; fails the check if the status is another (None: any). Raises ConnectionLost or TimedOut."""
        return await self.request("GET", target, status=status, headers=headers, timeout_s=timeout_s)

    async def post(
        self,
        target: str,
        body: bytes,
        *,
        status: int | None = 200,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Response:
        """POST; fails the check if the status is another (None: any). Raises ConnectionLost or TimedOut."""
        return await self.request("POST", target, body=body, status=status, headers=headers, timeout_s=timeout_s)

    async def request(
        self,
        method: str,
        target: str,
        *,
        body: bytes | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Response:
        """One request; fails the check if the status is another (None: any). Raises ConnectionLost or TimedOut."""
        recording = self._new_recording(f"{method} {target}")
        reader = _Reader(recording, method)
        connection = await Connection.open(self.address, recording, reader.feed)
        try:
            return await self._talk(
                connection, reader, self._head(method, target, body, headers), body, status, timeout_s
            )
        finally:
            connection.close()

    @contextlib.asynccontextmanager
    async def events(
        self,
        target: str,
        *,
        last_event_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        receive_buffer: int | None = None,
    ) -> AsyncIterator[EventStream]:
        """Server-sent events; the block ends the connection. Fails the check if the answer is no event stream."""
        recording = self._new_recording(f"GET {target}")
        stream = EventStream(self._now)
        reader = _Reader(recording, "GET", on_body=stream.hear)
        connection = await Connection.open(self.address, recording, reader.feed, receive_buffer=receive_buffer)
        given = {"accept": "text/event-stream", **(headers or {})}
        if last_event_id is not None:
            given["last-event-id"] = last_event_id
        try:
            await connection.send(self._head("GET", target, None, given))
            await _wait(connection, lambda: reader.headed, "the head of an answer", PATIENCE_S)
            reader.demand(200)
            kind = reader.response.headers.get("content-type", "")
            if not kind.lower().startswith("text/event-stream"):
                why = "Clients of server-sent events accept this type and no other (HTML Standard, 9.2.3)."
                reader.response.blame("content-type: text/event-stream", f"content-type: {kind}", why)
            stream.attach(connection, recording, lambda: reader.done)
            yield stream
        finally:
            connection.close()

    async def _talk(
        self,
        connection: Connection,
        reader: _Reader,
        head: bytes,
        body: bytes | None,
        status: int | None,
        timeout_s: float,
    ) -> Response:
        started = time.monotonic()
        deadline = started + timeout_s
        await connection.send(head + (body or b""), timeout_s=timeout_s)
        await _wait(
            connection, lambda: reader.finished(connection.ended), "a whole answer", deadline - time.monotonic()
        )
        reader.response.seconds = time.monotonic() - started
        if status is not None:
            reader.demand(status)
        return reader.response

    def _head(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str] | None) -> bytes:
        fields = {"host": f"{self.address[0]}:{self.address[1]}", "connection": "close"}
        if body is not None:
            fields["content-length"] = str(len(body))
        fields |= {name.lower(): value for name, value in (headers or {}).items()}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        return "\r\n".join(lines).encode()


class _Reader:
    """Parses one answer as it comes; the methods named ``on_…`` are called by httptools."""

    def __init__(self, recording: Recording, method: str, on_body: Callable[[bytes], None] | None = None) -> None:
        self.response = Response(recording)
        self.headed = False
        self.done = False
        self._method = method
        self._recording = recording
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._take = on_body or self._body.extend

    def feed(self, data: bytes) -> None:
        if self.done:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.done = self.headed = True
            self.response.reason = f"not HTTP: {error}"

    def on_status(self, reason: bytes) -> None:
        self.response.reason += reason.decode(errors="replace")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.response.headers.add(name.decode(errors="replace"), value.decode(errors="replace"))

    def on_headers_complete(self) -> None:
        self.response.status = self._parser.get_status_code()
        self.headed = self.response.status >= 200  # before it there may be provisional answers

    def on_body(self, body: bytes) -> None:
        self._take(body)

    def on_message_complete(self) -> None:
        if self.headed:
            self.done = True
            self.response.body = bytes(self._body)

    def finished(self, ended: str | None) -> bool:
        """Whether the answer is whole; one without a length ends with the connection (RFC 9112, 6.3)."""
        if not self.done and ended == "the program closed the connection" and self.headed and not self._has_length:
            self.done = True
            self.response.body = bytes(self._body)
        return self.done

    @property
    def _has_length(self) -> bool:
        return "content-length" in self.response.headers or "transfer-encoding" in self.response.headers

    def demand(self, status: int) -> None:
        """Fail the check if the answer has another status or is no HTTP."""
        response = self.response
        if not response.status or response.reason.startswith("not HTTP"):
            response.blame(
                "an answer in HTTP/1.1", response.reason, "Every HTTP client must be able to read the answer."
            )
        if response.status != status:
            received = f"{response.status} {response.reason}".strip() + f"   {response.text[:200]}"
            response.blame(f"status {status}", received.rstrip(), f"The contract answers this request with {status}.")


async def _wait(connection: Connection, ready: Callable[[], bool], what: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not ready():
        if connection.ended is not None:
            connection.lost(what)
        if not await connection.changed(deadline):
            connection.timed_out(what, timeout_s)
