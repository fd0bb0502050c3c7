"""How late the judge itself is woken, so that it blames nobody for its own delays."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

__all__ = ["Lateness", "watched"]

_LOOK_S = 0.01
_NOTED_S = 0.005
_KEPT = 10_000


class Lateness:
    """When the judge was woken late, and by how much."""

    def __init__(self) -> None:
        self._late: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def note(self, at: float, late_s: float) -> None:
        """It was woken now, so much later than it wanted."""
        if late_s > _NOTED_S:
            self._late.append((at, late_s))

    def between(self, begin: float, end: float) -> float:
        """All delays that lie in this stretch at least in part, together."""
        return sum(late_s for at, late_s in self._late if at >= begin and at - late_s <= end)


@contextlib.asynccontextmanager
async def watched(now: Callable[[], float]) -> AsyncIterator[Lateness]:
    """Look every few milliseconds while the block lasts."""
    lateness = Lateness()

    async def look() -> None:
        while True:
            before = now()
            await asyncio.sleep(_LOOK_S)
            lateness.note(now(), now() - before - _LOOK_S)

    task = asyncio.create_task(look())
    try:
        yield lateness
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
