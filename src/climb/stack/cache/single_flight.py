"""Of many who want the same thing at the same moment, one fetches it for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["SingleFlight"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Flights that are under way, by key. Each is a task of its own: whoever began it may leave without ending it for the others.

    Those who come while it is under way get what it brings, also its error, and so something no older than its start. Who must
    not see what was true before a change of its own calls :meth:`part` behind that change: the next one begins a new flight.
    """

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K, fetch: Callable[[], Awaitable[V]]) -> V:
        """What ``fetch`` brings, or what somebody else is fetching under this key."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(_awaited(fetch))
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def carries(self, key: K) -> bool:
        """Whether this task is the flight under the key; not, if that was parted."""
        return self._under_way.get(key) is asyncio.current_task()

    def part(self, key: K) -> None:
        """Let nobody join the flight that is under way."""
        self._under_way.pop(key, None)

    def _landed(self, key: K, task: asyncio.Task[V]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen, also when all who waited have left


async def _awaited(fetch: Callable[[], Awaitable[V]]) -> V:
    return await fetch()
