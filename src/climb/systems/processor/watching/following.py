"""The windows of one sensor as they close: the newest are kept until they are taken, and however many come, no more than that.

It goes on by the cursor of the last window that it has seen, also when the processor was away meanwhile. If the processor does not
know the cursor, its results are others now, and all begins anew.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from climb.systems.processor.watching.address import Address
from climb.systems.processor.watching.asking import NoAnswer, NotAProcessor, Refused, ask, events
from climb.systems.processor.watching.told import Closed, Page, Stats

__all__ = ["Following", "News"]

_WITHIN_S = 10.0
_SILENCE_S = 45.0  # the contract promises a comment every 15 s
_PAUSE_S = 1.0
_LONG_SLIDE_MS = 60_000  # of a processor that does not tell how far its windows are apart
_decode = msgspec.json.Decoder(Closed).decode


class News(msgspec.Struct, frozen=True):
    """What came since the last time. ``anew``: what came before is not of the same results; ``passed`` windows came and are not here."""

    windows: list[Closed]
    passed: int = 0
    anew: bool = False


class Following:
    """Follows one sensor with ``run`` until that is cancelled; ``take`` gives what has come, ``most`` windows at most."""

    def __init__(self, address: Address, sensor: str, *, most: int) -> None:
        self.sensor = sensor
        self._address = address
        self._most = most
        self._windows: deque[Closed] = deque(maxlen=most)
        self._passed = 0
        self._anew = True
        self._cursor: str | None = None

    def take(self) -> News:
        """What has come since this was last called."""
        news = News(list(self._windows), self._passed, self._anew)
        self._windows.clear()
        self._passed, self._anew = 0, False
        return news

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            try:
                if self._cursor is None:
                    await self._begin()
                if self._cursor is not None:  # without one a stream could begin behind a window that closes this moment
                    await self._follow()
            except Refused:
                self._forget()
            except (NoAnswer, NotAProcessor):
                pass  # whoever looks at the numbers sees it too, and says it
            await asyncio.sleep(_PAUSE_S)

    async def _begin(self) -> None:
        """Take what closed last, so that there is something to see at once, and a cursor to go on from."""
        stats = await ask(self._address, "/stats", Stats, within_s=_WITHIN_S)
        slide = stats.slide_ms or _LONG_SLIDE_MS
        begin = (stats.watermark or 0) - (stats.window_ms or slide) - self._most * slide
        page = await ask(
            self._address,
            "/windows",
            Page,
            within_s=_WITHIN_S,
            sensor=self.sensor,
            limit=self._most + 2,  # as many as can start in between
            **{"from": max(begin, 0)},
        )
        self._cursor = page.next
        for window in page.windows:
            self._add(window)

    async def _follow(self) -> None:
        query = {"sensor": self.sensor, "after": self._cursor or ""}
        async with events(self._address, "/stream", silence_s=_SILENCE_S, **query) as coming:
            async for event in coming:
                try:
                    window = _decode(event.data)
                except (msgspec.MsgspecError, ValueError) as error:
                    raise NotAProcessor(f"{self._address} streams what is no window") from error
                self._cursor = event.id or self._cursor
                self._add(window)

    def _add(self, window: Closed) -> None:
        self._passed += len(self._windows) == self._most
        self._windows.append(window)

    def _forget(self) -> None:
        self._windows.clear()
        self._passed, self._anew, self._cursor = 0, True, None
