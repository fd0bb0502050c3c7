"""Many who follow links at the same time: their requests come from a process of their own, so that the judge does not slow them down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING

from climb.judge.drivers import http1
from climb.judge.drivers.life import ADDRESS
from climb.judge.expect import fail
from climb.judge.load import HttpPlan, HttpRequest

if TYPE_CHECKING:
    from climb.judge.load import HttpLoaded
    from climb.projects.links.driver import LinksService, Running

__all__ = ["Crowd", "demand_followed"]

_CONNECTIONS = 48
_PATIENCE_S = 5.0
_LONGEST_S = 2.0  # every answer but that of an import comes within it
_POLL_S = 0.1
_PAGE = 200


class Crowd:
    """A started service, a few links that are in every cache, and requests for them."""

    within_s = 2.0  # in which a click is counted

    def __init__(self, running: Running, codes: list[str], stale_ms: int) -> None:
        self.running = running
        self.codes = codes
        self.stale_ms = stale_ms

    @classmethod
    async def of(cls, links: LinksService, *, count: int, stale_ms: int = 2_000, roads: bool = False) -> Crowd:
        """Links that have been followed before."""
        running = await links.start(stale_ms=stale_ms, roads=roads)
        codes = [(await running.make(url=f"https://example.org/{number}")).code for number in range(count)]
        for code in codes:
            await running.follow(code, status=302)
        return cls(running, codes, stale_ms)

    def plan(self, seconds: float, *, rate_per_s: float | None = None) -> HttpPlan:
        """Followings of all these links, at a rate or as fast as they are answered."""
        host = f"{ADDRESS}:{self.running.instances[0].port}"
        requests = tuple(
            HttpRequest(data=http1.request("GET", f"/{code}", host=host), name=f"GET /{code}") for code in self.codes
        )
        return HttpPlan(
            requests=requests,
            seconds=seconds,
            rate_per_s=rate_per_s,
            connections=_CONNECTIONS,
            patience_s=_PATIENCE_S,
            slice_s=0.25,
        )

    async def sent(self, plan: HttpPlan) -> HttpLoaded:
        """What came of it."""
        async with self.sending(plan) as sending:
            return await sending

    async def as_fast_as_it_can(self, seconds: float) -> HttpLoaded:
        """Each connection sends its next request when the last one is answered."""
        return await self.sent(self.plan(seconds))

    @contextlib.asynccontextmanager
    async def sending(self, plan: HttpPlan) -> AsyncIterator[Awaitable[HttpLoaded]]:
        """The load is under way while the block lasts; what is given is awaited for what came of it."""
        async with self.running.instances[0].instance.http_load("PORT", plan) as load:
            yield self._finished(load, plan)

    async def clicks(self) -> int:
        """What the list of the links says of all of them."""
        page = await self.running.page(f"limit={_PAGE}")
        return sum(link.clicks for link in page.items)

    async def clicks_reach(self, least: int) -> int:
        """The clicks as soon as they are so many, or when the time is over in which they are to be counted."""
        deadline = self.running.now() + self.within_s
        while True:
            found = await self.clicks()
            if found >= least or self.running.now() > deadline:
                return found
            await asyncio.sleep(_POLL_S)

    async def _finished(self, load: object, plan: HttpPlan) -> HttpLoaded:
        loaded: HttpLoaded | None = await load.finished(timeout_s=plan.seconds + plan.patience_s + 30.0)  # type: ignore[attr-defined]
        if loaded is None:
            raise RuntimeError("the process that sends the load did not end")
        return loaded


def demand_followed(
    loaded: HttpLoaded, *, why: str = "Nothing is away here but, at times, what was in the cache."
) -> None:
    """Every request was answered with 302, none of them late."""
    others = {status: count for status, count in loaded.by_status.items() if status != 302}
    lost = loaded.failed + loaded.unanswered + loaded.unsent
    if others or lost:
        told = [f"{count:,} × {status}" for status, count in others.items()]
        told += [f"{lost:,} without an answer"] if lost else []
        fail(
            f"the answers to {loaded.sent:,} followings of links that are there",
            expected="302, each",
            received=", ".join(told),
            why=why,
            saw=", ".join(f"{what}: {count}" for what, count in loaded.errors.items()) or None,
        )
    if loaded.plan.rate_per_s is not None and loaded.latencies.max_ms > _LONGEST_S * 1000 and not loaded.doubt:
        fail(
            "the slowest of the followings",
            expected=f"an answer within {_LONGEST_S:g} s",
            received=f"{loaded.latencies.max_ms / 1000:.2f} s",
            why="Every answer but that of an import comes within 2 seconds.",
        )
