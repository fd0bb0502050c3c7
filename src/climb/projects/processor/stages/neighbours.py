"""What well-behaved clients get done, and how long it takes them: with a nuisance beside them, and without."""

from __future__ import annotations

import asyncio
import time

from climb.judge.expect import Failure, fail, within
from climb.projects.processor.driver import Running, Sender
from climb.projects.processor.rules import Model, Reading, Shape
from climb.projects.processor.stages.judged import demand_counts, demand_windows

__all__ = ["Neighbours"]

_CLIENTS = 3
_PIECES = 12
_PIECE = 25  # readings that are sent before their acks are waited for
_SLOWER = 20  # times as long as without the nuisance
_TRIES = 5


class Neighbours:
    """A few clients that send pieces of readings and wait for the acks of each. All that they send is in one window."""

    def __init__(self, running: Running, shape: Shape, start: int) -> None:
        self._running = running
        self._start = start
        self._model = Model(shape)
        self._senders: list[Sender] = []
        self._next = 1

    async def arrive(self) -> None:
        """Connect, and make the sensors known."""
        for number in range(1, _CLIENTS + 1):
            self._senders.append(await self._running.connect(name=f"neighbour {number}"))
        await self._all(1)

    async def undisturbed(self) -> float:
        """How long a round takes now: the slower of two."""
        return max([await self._round() for _ in range(2)])

    async def not_delayed(self, alone_s: float, nuisance: str, *, why: str) -> None:
        """A round takes no longer than a multiple of the time that it took alone; of several tries the best counts."""
        limit = _SLOWER * alone_s + (self._running.instance.ready_seconds or 0)
        best = float("inf")
        for _ in range(_TRIES):
            try:
                best = min(best, await self._round())
            except Failure as failure:
                if failure.subject != "acks":
                    raise
                self._blame(alone_s, nuisance, why)
            if best <= limit:
                return
        within(
            best,
            limit,
            f"the time of {_CLIENTS * _PIECES * _PIECE} readings beside {nuisance}",
            unit="s",
            calibration=f"{_SLOWER} × the {alone_s:.3g} s that the same takes without it, and the {self._running.instance.ready_seconds:.2g} s "
            "that the program takes to start",
            why=why,
        )

    async def leave(self) -> None:
        """Close the window, and demand that it holds all that was sent."""
        await self._send(0, 1, self._start + self._model.shape.window_ms)
        for lane in range(1, _CLIENTS):
            await self._send(lane, 1, self._start + self._model.shape.window_ms)
        await demand_windows(self._running, self._model.closed())
        await demand_counts(self._running, self._model)

    async def _round(self) -> float:
        started = time.monotonic()
        for _ in range(_PIECES):
            await self._all(_PIECE)
        return time.monotonic() - started

    async def _all(self, count: int) -> None:
        lanes = [self._send(lane, count, self._start) for lane in range(_CLIENTS)]
        ended = await asyncio.gather(*lanes, return_exceptions=True)
        self._next += count
        for error in ended:
            if error is not None:
                raise error

    async def _send(self, lane: int, count: int, ts: int) -> None:
        readings = [
            Reading(f"neighbour-{lane + 1}", self._next + place, ts, (self._next + place) / 64)
            for place in range(count)
        ]
        self._model.take_all(readings)
        await self._senders[lane].deliver(*readings)

    def _blame(self, alone_s: float, nuisance: str, why: str) -> None:
        fail(
            f"readings sent beside {nuisance}",
            expected=f"acknowledged, as without it: there {_CLIENTS * _PIECES * _PIECE} readings took {alone_s:.3g} s",
            received=f"no ack for {self._running.patience_s:.0f} s",
            why=why,
        )
