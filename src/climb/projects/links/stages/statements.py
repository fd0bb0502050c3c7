"""How often a program reads in its database while something happens, beside what it reads anyway.

Only SELECTs count: each click may well be an INSERT of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from climb.judge.expect import fail

if TYPE_CHECKING:
    from climb.judge.dependencies import Database

__all__ = ["Statements"]

_IDLE_S = 0.6
_SPARE = 2  # times as many as while nothing happened: what a program does now and then need not come evenly


class Statements:
    """Counts against what the program does while nobody asks anything, such as looking for changes."""

    def __init__(self, database: Database, idle_per_s: float) -> None:
        self._database = database
        self._idle_per_s = idle_per_s
        self._seconds = 0.0

    @classmethod
    async def measured(cls, database: Database, *, seconds: float = _IDLE_S) -> Statements:
        """Look for a while at what it does of its own accord."""
        self = cls(database, 0.0)
        count = await self.during(asyncio.sleep(seconds))
        self._idle_per_s = count / self._seconds
        return self

    async def during(self, work: Coroutine[Any, Any, object]) -> int:
        """How many SELECTs it runs until this work is done."""
        before, began = await self._database.statements("select"), time.monotonic()
        await work
        count = await self._database.statements("select") - before
        self._seconds = time.monotonic() - began
        return count

    def demand(self, count: int, *, at_most: int, subject: str, why: str) -> None:
        """There were no more than so many beside those of its own accord."""
        own = _SPARE * self._idle_per_s * self._seconds
        if count <= at_most + own:
            return
        fail(
            subject,
            expected=f"at most {at_most + own:.0f}: {at_most}, and {own:.0f} for what it does anyway, {self._idle_per_s:.1f} a second while nobody asks anything",
            received=f"{count}",
            why=why,
        )
