"""Copies of a service that share a cache and a database, and an entry that runs out. For the lab on stampedes.

The cache is a Valkey, the database a PostgreSQL, which counts its queries itself.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]  # it ships no types
    from redis.asyncio import Redis

__all__ = ["EARLY", "FLIGHT", "LOCK", "NOTHING", "WAYS", "Seen", "Service"]

NOTHING, FLIGHT, LOCK, EARLY = (
    "nothing",
    "single flight in each copy",
    "a lock in the cache",
    "renewed early, at a drawn moment",
)
WAYS = (NOTHING, FLIGHT, LOCK, EARLY)

_KEY, _LOCK_KEY = "front-page", "front-page:lock"
_LIVES, _LIVES_EARLY = 2, 8  # times the query: what is renewed early needs the time for it
_POLLS = 4  # of who waits for a lock, in the time of a query
_LONG_S = 10.0  # far longer than a query: so its holder never loses a lock, and what was renewed does not run out again
_DEADLINE_S = 20.0


@dataclass(frozen=True)
class _Entry:
    """What the cache holds: the number of the renewal, how long the query took, and when the entry ends (``time.time``)."""

    renewal: int
    query_s: float
    ends: float

    def written(self) -> str:
        """As it is kept."""
        return f"{self.renewal} {self.query_s!r} {self.ends!r}"

    @classmethod
    def read(cls, text: str) -> _Entry:
        """From what is kept."""
        renewal, query_s, ends = text.split()
        return cls(int(renewal), float(query_s), float(ends))


@dataclass
class Seen:
    """One entry that runs out, and what was seen of it."""

    renewal: int
    waited: int = 0
    query_s: list[float] = field(default_factory=list)
    renewed: asyncio.Event = field(default_factory=asyncio.Event)
    flights: dict[int, asyncio.Task[None]] = field(default_factory=dict)


class Service:
    """Copies of a service that share a cache and a database."""

    def __init__(self, kept: Redis, pool: asyncpg.Pool, query_s: float, copies: int) -> None:
        self._kept = kept
        self._pool = pool
        self._query_s = query_s
        self._copies = copies
        self._renewals = 0
        self._fill: dict[str, Fill] = {
            NOTHING: self._ask,
            FLIGHT: self._share,
            LOCK: self._lock,
            EARLY: self._ask,
        }

    async def run_out(self, way: str, rate: float) -> tuple[Seen, int]:
        """Let the entry run out under load; what was seen, and how many queries PostgreSQL counted until it was there again."""
        self._renewals += 1
        seen = Seen(self._renewals)
        before = await self._counted()
        lives = _LIVES_EARLY if way == EARLY else _LIVES
        await self._keep(self._renewals - 1, self._query_s, lives * self._query_s)
        async with asyncio.timeout(_DEADLINE_S), asyncio.TaskGroup() as tasks:
            due = time.monotonic()
            while not seen.renewed.is_set():
                due += random.expovariate(rate)
                await asyncio.sleep(max(due - time.monotonic(), 0))
                tasks.create_task(self._request(way, seen, random.randrange(self._copies)))
        return seen, await self._counted() - before

    async def _counted(self) -> int:
        """Queries that PostgreSQL has counted so far."""
        return int(await self._pool.fetchval("SELECT last_value FROM asked"))

    async def _request(self, way: str, seen: Seen, copy: int) -> None:
        entry = await self._found()
        if entry is None or (way == EARLY and entry.renewal < seen.renewal and _draws_to_renew(entry)):
            seen.waited += 1
            await self._fill[way](seen, copy)

    async def _found(self) -> _Entry | None:
        text = await self._kept.get(_KEY)
        return None if text is None else _Entry.read(str(text))

    async def _ask(self, seen: Seen, _copy: int) -> None:
        """Ask the database, and put the answer into the cache."""
        begun = time.perf_counter()
        await self._pool.fetchval("SELECT pg_sleep($1) FROM nextval('asked')", self._query_s)
        took = time.perf_counter() - begun
        seen.query_s.append(took)
        await self._keep(seen.renewal, took, _LONG_S)
        seen.renewed.set()

    async def _keep(self, renewal: int, query_s: float, lives_s: float) -> None:
        entry = _Entry(renewal, query_s, time.time() + lives_s)
        await self._kept.set(_KEY, entry.written(), px=round(lives_s * 1000))

    async def _share(self, seen: Seen, copy: int) -> None:
        """Wait for whoever of this copy asks already; else ask."""
        if copy not in seen.flights:
            seen.flights[copy] = asyncio.create_task(self._ask(seen, copy))
        await seen.flights[copy]

    async def _lock(self, seen: Seen, copy: int) -> None:
        """Ask if nobody holds the lock; else look again and again whether the entry is there."""
        while not await self._kept.set(_LOCK_KEY, copy, nx=True, px=round(_LONG_S * 1000)):
            await asyncio.sleep(self._query_s / _POLLS)
            if await self._found() is not None:
                return
        if await self._found() is None:  # it may have come between the look and the lock
            await self._ask(seen, copy)
        await self._kept.delete(_LOCK_KEY)


Fill: TypeAlias = Callable[[Seen, int], Awaitable[None]]


def _draws_to_renew(entry: _Entry) -> bool:
    """Whether this request renews the entry now: likelier the nearer its end, and earlier the longer the query takes.

    Source: Vattani, Chierichetti, Lowenstein, Optimal Probabilistic Cache Stampede Prevention, VLDB 2015 (with β = 1).
    """
    return time.time() - entry.query_s * math.log(1 - random.random()) >= entry.ends
