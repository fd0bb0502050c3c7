"""A cache that may die: whoever asks first while it is silent waits a few milliseconds, and then nobody does until it answers again.

Whether it answers again is found out by a task of its own, so that no request pays for the trial.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from random import SystemRandom
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter

from climb.stack.away import Away
from climb.stack.cache.breaker import Breaker, State
from climb.stack.cache.commands import CommandError, Commands
from climb.stack.cache.expiry import jittered_ms
from climb.stack.cache.single_flight import SingleFlight
from climb.stack.telemetry.traces import span

__all__ = ["Cache"]

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Cache:
    """Values under keys, for a time. What it does not have is not lost: it can be read where it came from."""

    def __init__(
        self, commands: Commands, *, breaker: Breaker | None = None, registry: CollectorRegistry | None = None
    ) -> None:
        self._commands = commands
        self._breaker = breaker or Breaker()
        self._flights: SingleFlight[str, bytes] = SingleFlight()
        self._random = SystemRandom()
        self._trial: asyncio.Task[None] | None = None
        requests = Counter("cache_requests", "Values asked for.", ("result",), registry=registry)
        self._hit, self._miss, self._error = (requests.labels(result) for result in ("hit", "miss", "error"))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Cache]:
        """Use the cache while the block lasts. It need not be there when this begins, nor later."""
        try:
            yield self
        finally:
            if self._trial is not None:
                self._trial.cancel()
                await asyncio.wait([self._trial])
            await self._commands.close()

    async def get(self, key: str) -> bytes | None:
        """The value, None if there is none; :class:`Away` if the cache does not answer."""
        try:
            found = await self._asked("get", lambda: self._commands.get(key))
        except Away:
            self._error.inc()
            raise
        (self._miss if found is None else self._hit).inc()
        return found

    async def set(self, key: str, value: bytes, ttl_ms: int) -> None:
        """Keep the value for at most ``ttl_ms``; :class:`Away` if that is not sure."""
        lives_ms = jittered_ms(ttl_ms, self._random)
        await self._asked("set", lambda: self._commands.set(key, value, lives_ms))

    async def delete(self, *keys: str) -> None:
        """Forget the values; :class:`Away` if that is not sure. What is being fetched for others is not theirs any more."""
        for key in keys:
            self._flights.part(key)
        await self._asked("delete", lambda: self._commands.delete(*keys))

    async def get_or_fetch(self, key: str, ttl_ms: int, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        """The cached value, else what ``fetch`` brings, which is then cached. However many ask at a moment, it is fetched once.

        Without the cache it is fetched for all who ask at the same moment. What does not exist should be fetched as a value that
        says so, or else it is looked for each time.
        """
        with contextlib.suppress(Away):
            if (found := await self.get(key)) is not None:
                return found
        return await self._flights.get(key, lambda: self._fetched(key, ttl_ms, fetch))

    async def ready(self) -> None:
        """Raise :class:`Away` unless the cache answers; a probe of ``/readyz``."""
        await self._asked("ping", self._commands.ping)

    async def _fetched(self, key: str, ttl_ms: int, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        value = await fetch()
        if self._flights.carries(key):  # else it was deleted meanwhile, and this may be what it was before
            with contextlib.suppress(Away):
                await self.set(key, value, ttl_ms)
        return value

    async def _asked(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        state = self._breaker.state(_now_s())
        if state is State.TRIAL:
            self._breaker.begin_trial()
            self._trial = asyncio.create_task(self._try())
        if state is not State.CLOSED:
            raise Away("cache")
        try:
            with span(f"cache {name}", **{"db.system.name": "redis", "db.operation.name": name}):
                answer = await ask()
        except CommandError as error:
            if not error.answered:
                self._breaker.failed(_now_s())
            _log.warning("cache_failed", extra={"why": str(error)})
            raise Away("cache", str(error)) from error
        self._breaker.succeeded()
        return answer

    async def _try(self) -> None:
        try:
            await self._commands.ping()
        except CommandError:
            self._breaker.failed(_now_s())
        else:
            self._breaker.succeeded()
            _log.info("cache_there")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
