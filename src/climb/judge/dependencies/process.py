"""The process of a dependency, as faults see it: one that can be killed and stopped, or one that must not be touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from climb.judge.world.proxy import Proxy
from climb.stack.server import Kept

__all__ = ["Server", "Untouchable"]


class Server:
    """A server of the judge's own. While it is dead its proxy refuses, as its own port would.

    ``ready`` is called after each start, before the proxy accepts again.
    """

    def __init__(self, kept: Kept, proxy: Proxy, *, ready: Callable[[], Awaitable[None]] | None = None) -> None:
        self._kept = kept
        self._proxy = proxy
        self._ready = ready

    async def kill(self) -> None:
        """SIGKILL to all its processes."""
        self._proxy.refuse()
        await asyncio.to_thread(self._kept.kill)

    def pause(self) -> None:
        """SIGSTOP to all its processes."""
        self._kept.pause()

    def resume(self) -> None:
        """SIGCONT to all its processes."""
        self._kept.resume()

    async def start(self) -> Self:
        """Start it again with the data that it has; it takes requests when this returns."""
        await asyncio.to_thread(self._kept.start)
        if self._ready is not None:
            await self._ready()
        self._proxy.accept()
        return self


class Untouchable:
    """A server that others use too: whatever would be done to it raises this error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def kill(self) -> None:
        """It is not killed."""
        raise self._error

    def pause(self) -> None:
        """It is not stopped."""
        raise self._error

    def resume(self) -> None:
        """It was not stopped."""
