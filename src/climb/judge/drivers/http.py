"""The HTTP driver: requests of HTTP/1.1, each over a connection of its own, and what came back, whole."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping

from climb.judge.drivers.asking import Asking
from climb.judge.drivers.connection import PATIENCE_S, Connection
from climb.judge.drivers.http1 import Answer, Headers, Sent, by_hand, request
from climb.judge.drivers.recording import Recording
from climb.judge.drivers.sse import EventStream

__all__ = ["Headers", "HttpClient"]

NewRecording = Callable[[str], Recording]


class HttpClient:
    """Requests to one server. ``new_recording`` makes the transcript of each; ``port`` is the variable that names the server's port."""

    def __init__(
        self,
        address: tuple[str, int],
        new_recording: NewRecording,
        now: Callable[[], float],
        *,
        port: str = "PORT",
    ) -> None:
        self.address = address
        self._new_recording = new_recording
        self._now = now
        self._port = port

    async def get(
        self,
        target: str,
        *,
        status: int | None = 200,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Answer:
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
    ) -> Answer:
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
    ) -> Answer:
        """One request; fails the check if the status is another (None: any) or the answer breaks a rule of HTTP.

        Raises ConnectionLost or TimedOut.
        """
        data = self._request(method, target, body, headers)
        recording = self._recording(method, target, data)
        exchange = Asking(recording, method, self._now)
        connection = await Connection.open(self.address, recording, exchange.hear)
        try:
            deadline = time.monotonic() + timeout_s
            await connection.send(data, timeout_s=timeout_s)
            await exchange.until(
                connection, lambda: bool(exchange.reader.answers), "a whole answer", deadline - time.monotonic()
            )
        finally:
            connection.close()
        answer = exchange.reader.answers[0]
        if status is not None:
            answer.demand(status)
        return answer

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
        given = {"accept": "text/event-stream", **(headers or {})}
        if last_event_id is not None:
            given["last-event-id"] = last_event_id
        data = self._request("GET", target, None, given)
        recording = self._recording("GET", target, data)
        stream = EventStream(self._now)
        exchange = Asking(recording, "GET", self._now, on_body=stream.hear)
        connection = await Connection.open(self.address, recording, exchange.hear, receive_buffer=receive_buffer)
        try:
            await connection.send(data)
            await exchange.until(connection, lambda: exchange.headed is not None, "the head of an answer", PATIENCE_S)
            _demand_events(exchange.headed)
            stream.attach(connection, recording, exchange.done)
            yield stream
        finally:
            connection.close()

    def _request(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str] | None) -> bytes:
        host = f"{self.address[0]}:{self.address[1]}"
        fields = {"host": host, "connection": "close"}
        if body is not None:
            fields["content-length"] = str(len(body))
        fields |= {name.lower(): value for name, value in (headers or {}).items()}
        return request(method, target, fields.items(), body, host=host)

    def _recording(self, method: str, target: str, data: bytes) -> Recording:
        recording = self._new_recording(f"{method} {target}")
        recording.by_hand = lambda: by_hand([Sent(data)], port=self._port)
        return recording


def _demand_events(answer: Answer | None) -> None:
    assert answer is not None
    answer.demand(200)
    kind = answer.headers.get("content-type", "")
    if not kind.lower().startswith("text/event-stream"):
        why = "Clients of server-sent events accept this type and no other (HTML Standard, 9.2.3)."
        answer.blame("content-type: text/event-stream", f"content-type: {kind}", why)
