"""The driver of server-sent events: a pure parser, and a stream that reads in the background (HTML Standard, 9.2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from climb.judge.drivers.connection import PATIENCE_S, Connection
from climb.judge.drivers.recording import Recording
from climb.judge.evidence import Comparison, Exchange
from climb.judge.expect import Failure

__all__ = ["EventParser", "EventStream", "ServerSentEvent"]


class ServerSentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event: the last id that the stream gave, its type, its data, and when it came (seconds since the check began)."""

    id: str
    event: str
    data: str
    at: float

    def json(self) -> Any:
        """The data as JSON; fails the check if it is none."""
        try:
            return msgspec.json.decode(self.data)
        except (msgspec.DecodeError, RecursionError) as error:
            received = f"{self.data[:200]!r}   ({error})"
            why = "The contract sends JSON as the data of this event."
            comparison = Comparison(subject=f"event {self.id}", expected="JSON data", received=received, why=why)
            raise Failure("the data of an event", comparison) from error


class EventParser:
    """Bytes in, events out. Lines end with CR, LF or both; an event ends with an empty line."""

    def __init__(self) -> None:
        self.comments = 0
        self.last_id = ""
        self._rest = b""
        self._after_cr = False
        self._event = ""
        self._data: list[str] = []

    def feed(self, data: bytes, at: float) -> list[ServerSentEvent]:
        """The events that are complete with these bytes."""
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]  # the second half of a line end
        if data:
            self._after_cr = data.endswith(b"\r")
        *lines, self._rest = (self._rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        return [event for line in lines if (event := self._line(line.decode(errors="replace"), at)) is not None]

    def _line(self, line: str, at: float) -> ServerSentEvent | None:
        if not line:
            return self._dispatch(at)
        if line.startswith(":"):
            self.comments += 1
            return None
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._event = value
        elif field == "data":
            self._data.append(value)
        elif field == "id" and "\0" not in value:
            self.last_id = value
        return None

    def _dispatch(self, at: float) -> ServerSentEvent | None:
        event, data = self._event or "message", self._data
        self._event, self._data = "", []
        if not data:
            return None
        return ServerSentEvent(id=self.last_id, event=event, data="\n".join(data), at=at)


class EventStream:
    """An open stream of events. It reads in the background, so an event has the time at which it came."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.events: list[ServerSentEvent] = []
        self._parser = EventParser()
        self._now = now
        self._next = 0
        self._connection: Connection
        self._recording: Recording
        self._done: Callable[[], bool]

    def attach(self, connection: Connection, recording: Recording, done: Callable[[], bool]) -> None:
        """The connection that the events come over; ``done`` says whether the answer has ended."""
        self._connection, self._recording, self._done = connection, recording, done

    def hear(self, data: bytes) -> None:
        """The next bytes of the body."""
        self.events.extend(self._parser.feed(data, self._now()))

    @property
    def comments(self) -> int:
        """How many comment lines have come."""
        return self._parser.comments

    @property
    def ended(self) -> bool:
        """Whether the program has ended the stream."""
        return self._done() or self._connection.ended is not None

    async def next(self, *, timeout_s: float = PATIENCE_S) -> ServerSentEvent | None:
        """The next event that was not asked for yet; None at the end of the stream. Raises TimedOut."""
        deadline = time.monotonic() + timeout_s
        while self._next >= len(self.events):
            if self.ended:
                return None
            if not await self._connection.changed(deadline):
                self._connection.timed_out("an event", timeout_s)
        self._next += 1
        return self.events[self._next - 1]

    async def until(
        self, done: Callable[[ServerSentEvent], bool], *, what: str, timeout_s: float = PATIENCE_S
    ) -> list[ServerSentEvent]:
        """The next events, up to the one for which ``done`` is true. Raises TimedOut, or ConnectionLost if none is."""
        deadline = time.monotonic() + timeout_s
        events: list[ServerSentEvent] = []
        while not events or not done(events[-1]):
            if self._next >= len(self.events) and self.ended:
                self._connection.lost(what)
            event = await self.next(timeout_s=max(deadline - time.monotonic(), 0))
            if event is None:
                self._connection.lost(what)
            events.append(event)
        return events

    def stop_reading(self) -> None:
        """Read nothing from now on."""
        self._connection.stop_reading()

    def go_on_reading(self) -> None:
        """Read what comes, as it comes."""
        self._connection.go_on_reading()

    def abort(self) -> None:
        """Reset the connection."""
        self._connection.abort()

    def exchange(self) -> Exchange:
        """The transcript as evidence."""
        return self._recording.exchange()
