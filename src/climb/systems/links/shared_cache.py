"""The cache that all instances share: entries that only newer ones replace, whoever writes first.

It is asked in two ways. The quick one is for followings while the database is there: it gives up after a few milliseconds, and then
nobody asks until the cache answers again. The patient one is for what only the cache can say: that something was changed, and what is
true while the database is away. Both have a breaker and a connection of their own.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable
from random import SystemRandom

from prometheus_client import CollectorRegistry, Counter

from climb.stack.away import Away
from climb.stack.cache.breaker import Breaker, State
from climb.stack.cache.commands import CommandError, SharedConnection
from climb.stack.cache.expiry import jittered_ms
from climb.stack.secret import Secret
from climb.systems.links.entries import NOWHERE, Entry, read_entry, written

__all__ = ["KEPT_S", "SharedCache"]

KEPT_S = 600.0
"""How long the cache keeps a link. What was changed is remembered for longer, so that no older entry is ever believed."""

_QUICK_S = 0.1
_PATIENT_S = 0.35
_AT_ONCE = 200
_MARK_MS = 3_600_000
_SET = """
local known = redis.call('GET', KEYS[1])
if known then
  local version = tonumber(string.match(known, '^%d+'))
  if version and version > tonumber(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1"""

_log = logging.getLogger(__name__)


class _Way:
    """One way to ask: a connection with its timeout, and a breaker, which is tried by a task and by no request."""

    def __init__(self, address: Secret, timeout_s: float) -> None:
        self._connection = SharedConnection(address, timeout_s=timeout_s)
        self._breaker = Breaker()
        self._trial: asyncio.Task[None] | None = None

    async def ask(self, *words: str | bytes | int) -> object:
        """The answer; Away without one."""
        state = self._breaker.state(_now_s())
        if state is State.TRIAL:
            self._breaker.begin_trial()
            self._trial = asyncio.create_task(self._try())
        if state is not State.CLOSED:
            raise Away("cache")
        try:
            answer = await self._connection.ask(*words)
        except CommandError as error:
            if not error.answered:
                self._breaker.failed(_now_s())
            _log.warning("cache_failed", extra={"why": str(error)})
            raise Away("cache", str(error)) from error
        self._breaker.succeeded()
        return answer

    async def close(self) -> None:
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.wait([self._trial])
        await self._connection.close()

    async def _try(self) -> None:
        try:
            await self._connection.ping()
        except CommandError:
            self._breaker.failed(_now_s())
        else:
            self._breaker.succeeded()
            _log.info("cache_there")


class SharedCache:
    """Entries by code. Whatever it does not have, or is not asked for, stands in the database."""

    def __init__(self, address: Secret, stale_s: float, registry: CollectorRegistry) -> None:
        self._quick, self._patient = _Way(address, _QUICK_S), _Way(address, _PATIENT_S)
        self._nowhere_ms = max(1, int(stale_s * 400))  # and in an instance's memory for as long again
        self._random = SystemRandom()
        self._mark = f"links:mark:{secrets.token_hex(8)}"
        requests = Counter(
            "cache_requests", "Links asked for, here and in the shared cache.", ("result",), registry=registry
        )
        self.hits, self.misses, self.errors = (requests.labels(result) for result in ("hit", "miss", "error"))

    async def get(self, code: str, *, patient: bool = False) -> Entry | None:
        """The entry, None if there is none; Away if the cache does not answer."""
        try:
            found = await (self._patient if patient else self._quick).ask("GET", _key(code))
        except Away:
            self.errors.inc()
            raise
        entry = read_entry(code, found) if isinstance(found, bytes) else None
        (self.misses if entry is None else self.hits).inc()
        return entry

    async def tell(self, entry: Entry, *, patient: bool = True) -> None:
        """Let the cache know of this state of a link, unless it knows of a newer one; Away if that is not sure."""
        way = self._patient if patient else self._quick
        lives_ms = jittered_ms(int(KEPT_S * 1000), self._random) if entry.version != NOWHERE else self._nowhere_ms
        await way.ask("EVAL", _SET, 1, _key(entry.code), entry.version, written(entry), lives_ms)

    async def tell_all(self, entries: Iterable[Entry]) -> None:
        """Let it know of many, some at a time."""
        waiting = list(entries)
        for first in range(0, len(waiting), _AT_ONCE):
            await asyncio.gather(*(self.tell(entry) for entry in waiting[first : first + _AT_ONCE]))

    async def was_emptied(self) -> bool:
        """Whether it has lost what it had when this was asked last; also the first time, and once an hour."""
        return await self._patient.ask("SET", self._mark, "1", "NX", "PX", _MARK_MS) is not None

    async def ready(self) -> None:
        """Raise Away unless the cache answers."""
        await self._patient.ask("PING")

    async def close(self) -> None:
        """End the connections."""
        await self._quick.close()
        await self._patient.close()


def _key(code: str) -> str:
    return f"links:{code}"


def _now_s() -> float:
    return asyncio.get_running_loop().time()
