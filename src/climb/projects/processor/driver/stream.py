"""``GET /stream`` as a reader of closed windows sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

import msgspec

from climb.judge.difference import show
from climb.judge.drivers.connection import TimedOut
from climb.judge.evidence import Comparison, Evidence
from climb.judge.expect import Failure, expect, fail
from climb.projects.processor.driver.results import window_of
from climb.projects.processor.rules import Window
from climb.projects.processor.rules.findings import name

if TYPE_CHECKING:
    from climb.judge.drivers.http import HttpClient
    from climb.judge.drivers.sse import EventStream, ServerSentEvent

__all__ = ["Feed", "Shown", "feed"]


class Shown(msgspec.Struct, frozen=True):
    """A window that came as an event, and the cursor that stood with it."""

    id: str
    window: Window


class Feed:
    """An open stream of windows."""

    def __init__(self, stream: EventStream, patience_s: float) -> None:
        self.stream = stream
        self._patience_s = patience_s

    async def take(self, count: int, *, typed: bool = False) -> list[Shown]:
        """The next ``count`` windows; fails the check if the stream ends or nothing comes. ``typed`` demands the type of the events too."""
        taken: list[Shown] = []
        while len(taken) < count:
            event = await self._next(count, taken)
            if typed:
                expect(event.event, "the type of an event").equals(
                    "window", why="A reader listens for events by their type; those of another type never reach it."
                )
            taken.append(Shown(event.id, window_of(_json(event.data), "the data of an event")))
        return taken

    async def _next(self, count: int, taken: Sequence[Shown]) -> ServerSentEvent:
        try:
            event = await self.stream.next(timeout_s=self._patience_s)
        except TimedOut as failure:
            _too_few(count, taken, f"nothing more for {self._patience_s:.0f} s", *failure.evidence[1:])
        if event is None:
            _too_few(count, taken, "the end of the stream")
        return event


def _too_few(count: int, taken: Sequence[Shown], then: str, *evidence: Evidence) -> NoReturn:
    last = f", the last {name(taken[-1].window)}" if taken else ""
    comparison = Comparison(
        subject="GET /stream",
        expected=f"{count} events, one for each window that has closed behind the cursor, or closes while the stream is open",
        received=f"{len(taken)} events{last}; then {then}",
        why="The stream stays open, and each window that closes is one event of it. With a cursor it begins right behind that one, with windows that closed before too.",
    )
    raise Failure("events of GET /stream", comparison, *evidence)


@asynccontextmanager
async def feed(
    http: HttpClient, target: str, *, patience_s: float, last_event_id: str | None, receive_buffer: int | None
) -> AsyncIterator[Feed]:
    """Open ``target`` and read it as windows."""
    async with http.events(target, last_event_id=last_event_id, receive_buffer=receive_buffer) as stream:
        yield Feed(stream, patience_s)


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        fail(
            "the data of an event",
            expected="a window as JSON",
            received=f"{show(text)[:300]}   ({error})",
            why="The data of an event is the same document that GET /windows shows.",
        )
