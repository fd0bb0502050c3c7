"""The driver for services that speak JSON over HTTP: requests as clients of an API send them, over connections that are kept.

    client = instance.json("PORT")
    answer = await client.ask("POST", "/v1/sessions", json={"email": "a@example.org", "password": "…"}, status=200)
    answer.json()["access_token"]

Each client address has connections of its own, since services tell clients apart by their addresses. A request has a transcript of its
own, with a line for a shell, whatever connection it went over; tokens are shown by their beginning, and are ``$TOKEN`` in that line.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote_plus, urlencode

import msgspec

from climb.judge.drivers.asking import Asking
from climb.judge.drivers.connection import PATIENCE_S, Connection, ConnectionLost, NotConnected
from climb.judge.drivers.http1 import Answer, request
from climb.judge.drivers.recording import Recording
from climb.judge.drivers.redacted import line_by_hand, shortened

__all__ = ["Fields", "JsonClient", "Statuses"]

Fields = Sequence[tuple[str, str]]
Statuses = int | Collection[int] | None  # None: any

_KEPT_S = 1.0  # services close idle connections, some after two seconds: one that may be closing meanwhile is not used
_SHOWN = 300
_NOT_GIVEN: Any = object()


class JsonClient:
    """Requests to one service. ``new_recording`` makes the transcript of each; ``port`` is the variable that names the service's port."""

    def __init__(
        self,
        address: tuple[str, int],
        new_recording: Callable[[str], Recording],
        now: Callable[[], float],
        *,
        port: str = "PORT",
    ) -> None:
        self.address = address
        self._new_recording = new_recording
        self._now = now
        self._port = port
        self._idle: dict[str | None, list[_Kept]] = {}
        self._keeping = True

    def __repr__(self) -> str:
        return f"JsonClient({self.address[0]}:{self.address[1]}, {sum(map(len, self._idle.values()))} idle connections)"

    async def ask(
        self,
        method: str,
        target: str,
        *,
        json: Any = _NOT_GIVEN,
        form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        body: bytes | None = None,
        token: str | None = None,
        basic: tuple[str, str] | None = None,
        fields: Fields = (),
        from_address: str | None = None,
        status: Statuses = 200,
        why: str = "",
        timeout_s: float = PATIENCE_S,
        once: bool = False,
    ) -> Answer:
        """The answer to one request; fails the check if it has another status, for the reason ``why``.

        The body is ``json``, a ``form`` or bytes, with its Content-Type unless ``fields`` has one. A kept connection that had been closed
        is replaced, and the request sent again, unless it must arrive ``once`` at most. Raises ConnectionLost or TimedOut.
        """
        content, kind = _content(json, form, body)
        given = [*fields, *_credentials(token, basic)]
        if kind and not any(name.lower() == "content-type" for name, _ in given):
            given.insert(0, ("Content-Type", kind))
        if content is None and method in {"POST", "PUT", "PATCH"}:
            content = b""
        data = request(method, target, given, content, host=f"{self.address[0]}:{self.address[1]}")
        recording = self._recording(method, target, data, from_address)
        answer = await self._answered(method, data, recording, from_address, timeout_s, once=once)
        if not _among(answer.status, status):
            _blame_status(answer, status, why)
        return answer

    def close(self) -> None:
        """Close what is kept, and keep no more: a request that is under way, or that comes later, closes its own connection."""
        self._keeping = False
        for kept in (kept for idle in self._idle.values() for kept in idle):
            kept.connection.drop()
        self._idle.clear()

    # --- inside ---

    async def _answered(
        self,
        method: str,
        data: bytes,
        recording: Recording,
        from_address: str | None,
        timeout_s: float,
        *,
        once: bool,
    ) -> Answer:
        before: ConnectionLost | None = None
        if (kept := self._take(from_address)) is not None:
            try:
                return await self._once(kept, Asking(recording, method, self._now), data, timeout_s)
            except ConnectionLost as lost:
                # What all clients do: the service may have closed the connection before it saw the request.
                if once or recording.received_bytes:
                    raise
                before = lost
                recording.failed = False
                recording.note("the kept connection had been closed; the request is sent again over a new one")
        try:
            connection = await Connection.open(self.address, recording, _hears_nothing, source=from_address)
        except NotConnected:
            if before is not None:  # the first time it may have arrived
                raise before from None
            raise
        kept = _Kept(connection, from_address)
        return await self._once(kept, Asking(recording, method, self._now), data, timeout_s)

    async def _once(self, kept: _Kept, asking: Asking, data: bytes, timeout_s: float) -> Answer:
        kept.begin(asking)
        try:
            deadline = time.monotonic() + timeout_s
            await kept.connection.send(data, timeout_s=timeout_s)
            left = max(deadline - time.monotonic(), 0)
            await asking.until(kept.connection, lambda: bool(asking.reader.answers), "a whole answer", left)
        except BaseException:
            kept.connection.drop()
            raise
        answer = asking.reader.answers[0]
        self._give_back(kept, answer)
        return answer

    def _take(self, from_address: str | None) -> _Kept | None:
        """A connection from this address that is certainly open."""
        idle = self._idle.get(from_address, [])
        while idle:
            kept = idle[-1]  # until it is certain: one that breaks a rule ends the check, and is closed with the others
            kept.connection.look()
            fresh = kept.fresh()
            idle.pop()
            if fresh:
                return kept
            kept.connection.drop()
        return None

    def _give_back(self, kept: _Kept, answer: Answer) -> None:
        says_close = "close" in [word.strip().lower() for word in answer.headers.get("connection", "").split(",")]
        is_over = (
            says_close or answer.version != "1.1" or answer.framing == "close" or kept.connection.ended is not None
        )
        if is_over or not self._keeping:
            kept.connection.drop()
            return
        kept.idle_since = time.monotonic()
        self._idle.setdefault(kept.source, []).append(kept)

    def _recording(self, method: str, target: str, data: bytes, from_address: str | None) -> Recording:
        recording = self._new_recording(f"{method} {target}")
        recording.shortened = shortened
        recording.by_hand = lambda: line_by_hand(data, port=self._port, source=from_address)
        return recording


class _Kept:
    """A connection, and the request that is under way on it."""

    def __init__(self, connection: Connection, source: str | None) -> None:
        self.connection = connection
        self.source = source
        self.idle_since = 0.0
        self._asking: Asking | None = None
        connection.hears(self._hear)

    def begin(self, asking: Asking) -> None:
        if self._asking is not None:
            asking.recording.note("over a connection that was kept")
        self.connection.recording = asking.recording
        self._asking = asking

    def fresh(self) -> bool:
        """Whether the next request may go over it: it is open, and nothing came behind the last answer."""
        if self._asking is not None:
            self._asking.demand_nothing_behind()
        return self.connection.ended is None and time.monotonic() - self.idle_since < _KEPT_S

    def _hear(self, data: bytes) -> None:
        if self._asking is not None:
            self._asking.hear(data)


def _hears_nothing(data: bytes) -> None:
    """Until the first request nothing is due."""


def _content(json: Any, form: Any, body: bytes | None) -> tuple[bytes | None, str]:
    """The body and its media type."""
    if json is not _NOT_GIVEN:
        return msgspec.json.encode(json), "application/json"
    if form is not None:
        pairs = form.items() if isinstance(form, Mapping) else form
        return urlencode(list(pairs)).encode(), "application/x-www-form-urlencoded"
    return body, "application/json" if body is not None else ""


def _credentials(token: str | None, basic: tuple[str, str] | None) -> list[tuple[str, str]]:
    if token is not None:
        return [("Authorization", f"Bearer {token}")]
    if basic is None:
        return []
    # RFC 6749, 2.3.1: id and secret are encoded as in a form before Basic sees them.
    pair = ":".join(quote_plus(part) for part in basic)
    return [("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")]


def _among(status: int, wanted: Statuses) -> bool:
    return wanted is None or status == wanted or (not isinstance(wanted, int) and status in wanted)


def _blame_status(answer: Answer, wanted: Statuses, why: str) -> NoReturn:
    statuses = sorted(wanted) if isinstance(wanted, Collection) else [wanted]
    in_words = " or ".join(map(str, statuses))
    said = shortened(answer.body).decode(errors="replace")
    received = f"status {answer.line}   {said[:_SHOWN]}".rstrip()
    answer.blame(f"status {in_words}", received, why or f"The contract answers this request with {in_words}.")
