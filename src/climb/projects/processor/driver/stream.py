"""``GET /stream`` as a reader of closed windows sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from climb.judge.difference import show
from climb.judge.expect import expect, fail
from climb.projects.processor.driver.results import window_of
from climb.projects.processor.rules import Window

if TYPE_CHECKING:
    from climb.judge.drivers.http import HttpClient
    from climb.judge.drivers.sse import EventStream

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

    async def take(self, count: int) -> list[Shown]:
        """The next ``count`` windows; fails the check if the stream ends or nothing comes."""
        taken: list[Shown] = []
        while len(taken) < count:
            event = await self.stream.next(timeout_s=self._patience_s)
            if event is None:
                fail(
                    "GET /stream",
                    expected=f"{count} events, one for each window that closes",
                    received=f"{len(taken)} events, then the end of the stream",
                    why="The stream stays open, and each window that closes is one event of it.",
                )
            expect(event.event, "the type of an event").equals(
                "window", why="A reader listens for events by their type; those of another type never reach it."
            )
            expect(event.id, "the id of an event").satisfies(
                bool,
                expected="a cursor",
                why="Without an id the reader can't say where to go on after a broken connection.",
            )
            taken.append(Shown(event.id, window_of(_json(event.data), "the data of an event")))
        return taken


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
