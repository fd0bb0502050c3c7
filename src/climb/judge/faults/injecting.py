"""Faults in a place while a check goes on: each comes at its moment, is healed, and is noted, so that plots can shade it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from climb.judge.faults.fault import Fault, Place
from climb.judge.faults.plan import AfterBytes, Planned
from climb.judge.history import Recorder

__all__ = ["Injecting"]


@dataclass
class Injecting:
    """``async with Injecting(place, recorder) as faults``: at the end of the block nothing is left of them.

    What a fault raises, such as that a program did not start again, is raised by ``settled`` or at the end of the block.
    """

    place: Place
    recorder: Recorder
    missed: list[Planned] = field(default_factory=list)  # those whose moment did not come
    _there: dict[Fault, int] = field(default_factory=dict)
    _tasks: dict[asyncio.Task[None], Planned] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self.place.note = lambda kind, label: self.recorder.event(self.place.who, kind, label)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            await self.settled()
            return
        self.place.start = None  # the check is over: a program that is started now would serve nobody
        with contextlib.suppress(Exception):  # the block's own error is the one to tell
            await self.settled()

    def follow(self, plan: Iterable[Planned]) -> None:
        """In the background each comes when its moment does, and goes when its time is over."""
        for planned in plan:
            self._tasks[asyncio.get_running_loop().create_task(self._follow(planned))] = planned

    async def inject(self, fault: Fault) -> None:
        """The fault is there when this returns."""
        self._there[fault] = self.recorder.fault_begins(self.place.named(fault.label))
        await fault.inject(self.place)

    async def heal(self, fault: Fault) -> None:
        """The fault is gone when this returns; if it was not there, nothing happens."""
        number = self._there.pop(fault, None)
        if number is not None:
            try:
                await fault.heal(self.place)
            finally:
                self.recorder.fault_ends(number)

    async def settled(self, *, grace_s: float = 0.0) -> None:
        """Give planned faults ``grace_s`` to come, drop the others, and heal all that are there."""
        tasks, self._tasks = self._tasks, {}
        if tasks:
            await asyncio.wait(tasks, timeout=max(grace_s, 0.001))
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        self.missed += [each for task, each in tasks.items() if task.cancelled() and each.fault not in self._there]
        healed = [await self._healed(fault) for fault in reversed(list(self._there))]
        for error in (*ended, *healed):
            if isinstance(error, Exception):
                raise error

    async def _healed(self, fault: Fault) -> Exception | None:
        try:
            await self.heal(fault)
        except Exception as error:
            return error
        return None

    async def _follow(self, planned: Planned) -> None:
        if isinstance(planned.after, AfterBytes):
            after = planned.after
            await self.place.road.reached(after.count, after.direction, lambda: self.inject(planned.fault))
        else:
            await asyncio.sleep(planned.after.seconds)
            await self.inject(planned.fault)
        await asyncio.sleep(planned.lasts_s)
        await self.heal(planned.fault)
