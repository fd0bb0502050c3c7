"""The parent's part of the work: numbers for new sensors, the watermark, and windows of all workers made one order.

The watermark is the smallest floor of all workers, less the lateness. Floors may be behind, which is always safe. When it
has risen so far that a window may close, or a moment has passed, all workers are told. Each writes the advance to its log
behind all that it took before, and hands over the windows that closed when that is safe. The windows of all are sorted,
appended to the results, and shown. One advance is under way at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from climb.systems.processor.channel import Channel, Ended
from climb.systems.processor.engine.columns import WINDOW
from climb.systems.processor.engine.registry import Registry, in_order
from climb.systems.processor.messages import (
    Advance,
    Claim,
    Closed,
    FromParent,
    FromWorker,
    Learned,
    Published,
    Quiet,
    Ready,
    Recovered,
)
from climb.systems.processor.results import Results
from climb.systems.processor.settings import Settings
from climb.systems.processor.shared import NO_FLOOR, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Coordinator", "WorkerEnded"]

_LOOK_S = 0.005  # how often floors are looked at
_ADVANCE_S = 0.1  # how often the watermark rises, if no window can close
_NAMES_AT_ONCE = 10_000
_HOLD_S = 0.5  # for the first readings of new sensors, which are on their way from one worker to another


class WorkerEnded(Exception):
    """A worker is gone, and with it the service."""


class Coordinator:
    """Keeps the workers together."""

    def __init__(
        self,
        settings: Settings,
        channels: Sequence[Channel[FromWorker, FromParent]],
        counts: NDArray[np.int64],
        registry: Registry,
        results: Results,
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._counts = counts
        self._registry = registry
        self._results = results
        self._waiting: set[int] = set()  # workers that have not answered yet
        self._watermarks: list[int] = []
        self._closed: list[NDArray[Any]] = []
        self._answered = asyncio.Event()
        self._grown = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._failed.add_done_callback(lambda failed: failed.exception())  # seen, whether anyone waits or not
        self._advanced_at = 0.0
        self._held_since: float | None = None
        self._given_up = 0  # sensors with a number of which nothing came in time
        self.all_quiet = asyncio.Event()
        self._quiet: set[int] = set()
        self.watermark: int | None = None  # all that it closes is shown

    # --- start and end -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Wait until all partitions are recovered, and show what they had closed and not shown."""
        loop = asyncio.get_running_loop()
        self._waiting = set(range(len(self._channels)))
        for index, channel in enumerate(self._channels):
            loop.add_reader(channel.fileno(), self._receive, index)
        await self._answers()
        names = self._registry.names
        for first in range(0, len(names), _NAMES_AT_ONCE):
            some = list(names[first : first + _NAMES_AT_ONCE])
            self.tell_all(Learned(some, list(range(first, first + len(some)))))
        furthest = max(
            [*self._watermarks, *([] if self._results.published is None else [self._results.published])], default=None
        )
        self.tell_all(Recovered(furthest, self._results.published), answered=True)
        await self._answers()
        self._given_up = len(names) - int(self._counts[:, Word.SENSORS].sum())
        await self._publish(furthest)

    async def run(self) -> None:
        """Raise the watermark as clocks allow, for ever; raise :class:`WorkerEnded` if a worker is gone."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._failed.done():
                self._failed.result()
            watermark = self._next()
            if watermark is not None:
                self.tell_all(Advance(watermark), answered=True)
                await self._answers()
                await self._publish(watermark)

    async def grown(self, seconds: float) -> bool:
        """Wait until more windows are shown, for so long at most; tell whether they are."""
        try:
            async with asyncio.timeout(seconds):
                await self._grown.wait()
        except TimeoutError:
            return False
        return True

    def tell(self, index: int, message: FromParent, *, descriptor: int | None = None, sent: Any = None) -> None:
        """Send a message to one worker, without waiting for it."""
        channel = self._channels[index]
        try:
            channel.send(message, descriptor=descriptor, sent=sent)
        except Ended:
            self._fail(index)
            return
        if channel.has_unsent:
            asyncio.get_running_loop().add_writer(channel.fileno(), self._flush, index)

    # --- the watermark -----------------------------------------------------------------------------------------------

    def _next(self) -> int | None:
        """Return what the watermark rises to now, if it should."""
        if self._waits_for_new_sensors():  # asked first: workers write their floors before their sensors
            return None
        floors = self._counts[:, Word.FLOOR].copy()
        floor = int(floors.min())
        if floor == NO_FLOOR or (floors != self._counts[:, Word.FLOOR]).any():  # they must have held at one moment
            return None
        watermark = floor - self._settings.lateness_ms
        if self.watermark is not None:
            slide = self._settings.slide_ms
            closes = watermark // slide > self.watermark // slide
            if watermark <= self.watermark or not (closes or time.monotonic() - self._advanced_at > _ADVANCE_S):
                return None
        self._advanced_at = time.monotonic()
        return watermark

    def _waits_for_new_sensors(self) -> bool:
        """Tell whether a sensor that was just given its number should still get the chance to be counted.

        The contract allows to judge first readings by the watermark of the moment. But sensors that begin together would then
        be late or not by which worker is quicker.
        """
        taken = int(self._counts[:, Word.SENSORS].sum())
        missing = len(self._registry.names) - taken - self._given_up
        if missing <= 0:
            self._given_up += missing  # some came after all
            self._held_since = None
            return False
        now = time.monotonic()
        self._held_since = self._held_since or now
        if now - self._held_since < _HOLD_S:
            return True
        self._given_up += missing
        self._held_since = None
        return False

    async def _publish(self, watermark: int | None) -> None:
        """Append the windows that all workers have handed over, and show them."""
        if watermark is None:
            return
        windows = (
            in_order(np.concatenate(self._closed), self._registry.ranks()) if any(map(len, self._closed)) else None
        )
        if windows is not None:
            loop = asyncio.get_running_loop()
            self._results.show(*await loop.run_in_executor(None, self._results.append, watermark, windows))
        self.watermark = watermark
        self.tell_all(Published(watermark))
        if windows is not None:
            grown, self._grown = self._grown, asyncio.Event()
            grown.set()

    # --- messages ----------------------------------------------------------------------------------------------------

    def tell_all(self, message: FromParent, *, answered: bool = False) -> None:
        if answered:
            self._waiting = set(range(len(self._channels)))
            self._closed = []
        for index in range(len(self._channels)):
            self.tell(index, message)

    async def _answers(self) -> None:
        """Wait until all workers have answered."""
        while self._waiting:
            self._answered.clear()
            waiter: asyncio.Future[Any] = asyncio.ensure_future(self._answered.wait())
            await asyncio.wait([waiter, self._failed], return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            if self._failed.done():
                self._failed.result()

    def _receive(self, index: int) -> None:
        try:
            for message in self._channels[index].receive():
                self._on_message(index, message)
        except Ended:
            self._fail(index)
        except Exception as error:  # nobody else would see it: this is called by the event loop
            if not self._failed.done():
                self._failed.set_exception(error)

    def _on_message(self, index: int, message: FromWorker) -> None:
        match message:
            case Ready(watermark):
                if watermark is not None:
                    self._watermarks.append(watermark)
                self._answer(index)
            case Closed(_, windows):
                self._closed.append(np.frombuffer(windows, WINDOW))
                self._answer(index)
            case Claim(names):
                self.tell(index, Learned(names, self._registry.ids_of(names)))
            case Quiet():
                self._quiet.add(index)
                if len(self._quiet) == len(self._channels):
                    self.all_quiet.set()

    def _answer(self, index: int) -> None:
        self._waiting.discard(index)
        self._answered.set()

    def _flush(self, index: int) -> None:
        channel = self._channels[index]
        try:
            channel.flush()
        except Ended:
            self._fail(index)
        if not channel.has_unsent:
            asyncio.get_running_loop().remove_writer(channel.fileno())

    def _fail(self, index: int) -> None:
        asyncio.get_running_loop().remove_reader(self._channels[index].fileno())
        if not self._failed.done():
            self._failed.set_exception(WorkerEnded(f"worker {index + 1} ended"))
