"""What changes on the page: twice a second the numbers, and the windows of the chosen sensors that have closed since.

However fast windows close, a tick carries at most as many as a plot shows; the rest is counted and passed over. Nothing is kept for
a page that reads slowly: the next tick is made when the one before is on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.watching.following import Following, News
from climb.systems.processor.watching.told import Closed
from climb.systems.processor.watching.watch import Phase, View, Watch, last_of, newest
from climb.workbench.processors.choice import Choice

__all__ = ["MOST_WINDOWS", "USUALLY_DRAWN", "Curve", "Tick", "ticks"]

MOST_WINDOWS = 180  # of a sensor, on the page at once
USUALLY_DRAWN = 3  # sensors, if none were asked for
_EVERY_S = 0.5
_WITHIN_S = 3.0

Row = tuple[int, int, float, float, float, float, float, float]


class Curve(msgspec.Struct, frozen=True):
    """What came of one sensor: start, count, mean, min, p50, p95, p99, max of each window."""

    sensor: str
    rows: list[Row]
    passed: int
    anew: bool


class Tick(msgspec.Struct, frozen=True):
    """One look at the processor, and what closed since the last one."""

    view: View
    curves: list[Curve]
    newest: dict[str, Closed]  # by sensor


async def ticks(choice: Choice, ended: Callable[[], bool]) -> AsyncIterator[Tick]:
    """Look at the processor, for as long as somebody wants to know."""
    watch = Watch(choice.address, within_s=_WITHIN_S)
    followed = _Followed(choice)
    try:
        while not ended():
            began = asyncio.get_running_loop().time()
            view = await watch.look()
            await followed.choose(view)
            yield followed.tick(view)
            await asyncio.sleep(max(_EVERY_S - (asyncio.get_running_loop().time() - began), _EVERY_S / 5))
    finally:
        followed.end()


class _Followed:
    """The sensors that are followed, each in a task of its own."""

    def __init__(self, choice: Choice) -> None:
        self._address = choice.address
        self._newest: dict[str, Closed] = {}
        self._following: list[Following] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = 0
        for sensor in choice.sensors:
            self._follow(sensor)

    async def choose(self, view: View) -> None:
        """If nobody has chosen, take the first of those whose windows closed last, as soon as there are some."""
        if self._following or view.phase is not Phase.RUNNING or view.stats is None:
            return
        if view.stats.windows_closed == self._closed:
            return
        self._closed = view.stats.windows_closed
        with suppress(EdgeError):
            page = await newest(self._address, view.stats, within_s=_WITHIN_S)
            for window in last_of(page.windows)[:USUALLY_DRAWN]:
                self._follow(window.sensor)

    def tick(self, view: View) -> Tick:
        """What there is to show now."""
        curves = [_curve(each.sensor, each.take()) for each in self._following]
        for each, news in curves:
            if news.anew:
                self._newest.pop(each.sensor, None)
            if news.windows:
                self._newest[each.sensor] = news.windows[-1]
        return Tick(view, [curve for curve, _ in curves], dict(self._newest))

    def end(self) -> None:
        """Follow nobody any more."""
        for task in self._tasks:
            task.cancel()

    def _follow(self, sensor: str) -> None:
        following = Following(self._address, sensor, most=MOST_WINDOWS)
        self._following.append(following)
        self._tasks.append(asyncio.create_task(following.run()))


def _curve(sensor: str, news: News) -> tuple[Curve, News]:
    rows = [(w.start, w.count, w.mean, w.min, w.p50, w.p95, w.p99, w.max) for w in news.windows]
    return Curve(sensor, rows, news.passed, news.anew), news
