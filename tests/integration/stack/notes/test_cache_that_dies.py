"""The cache with a real Valkey: fast while it is there, nothing worse than slower while it is not."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from prometheus_client import CollectorRegistry
from redis import Redis

from climb.stack.away import Away
from climb.stack.cache.cache import Cache
from climb.stack.cache.commands import SharedConnection
from climb.stack.secret import Secret
from climb.stack.server import Kept

pytestmark = pytest.mark.slow

TIMEOUT_S = 0.25  # longer than in production: a busy machine must not look like a dead cache here

SLACK_S = 0.5
BACK_S = 5.0  # the longest wait between two trials is 2 s


@asynccontextmanager
async def opened(server: Kept, registry: CollectorRegistry | None = None) -> AsyncIterator[Cache]:
    async with Cache(
        SharedConnection(Secret(server.address), timeout_s=TIMEOUT_S), registry=registry or CollectorRegistry()
    ).open() as cache:
        yield cache


async def settled(cache: Cache) -> None:
    """Until the cache answers again."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await cache.ready()
            except Away:
                await asyncio.sleep(0.02)


class Source:
    """Where values come from; counts how often."""

    def __init__(self, value: bytes = b"value") -> None:
        self.value, self.asked = value, 0

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0.02)
        return self.value


async def timed_s(asking: Callable[[], Awaitable[object]]) -> float:
    began = time.monotonic()
    with suppress(Away):
        await asking()
    return time.monotonic() - began


async def test_what_was_set_is_there_until_it_expires(cache_server: Kept) -> None:
    """Bytes as they are, and for no longer than was said."""
    async with opened(cache_server) as cache:
        await settled(cache)
        await cache.set("bytes", bytes(range(256)), 60_000)
        await cache.set("short", b"x", 20)
        found = await cache.get("bytes")
        await asyncio.sleep(0.05)

        assert found == bytes(range(256))
        assert await cache.get("short") is None


async def test_deleted_values_are_gone(cache_server: Kept) -> None:
    """The next one who asks fetches anew."""
    source = Source(b"old")
    async with opened(cache_server) as cache:
        await settled(cache)
        await cache.get_or_fetch("changed", 60_000, source.fetch)
        source.value = b"new"
        await cache.delete("changed")

        assert await cache.get_or_fetch("changed", 60_000, source.fetch) == b"new"


async def test_a_stampede_fetches_once(cache_server: Kept) -> None:
    """However many ask for what is not there; and the next hundred find it."""
    source = Source()
    async with opened(cache_server) as cache:
        await settled(cache)
        first = await asyncio.gather(*(cache.get_or_fetch("crowd", 60_000, source.fetch) for _ in range(50)))
        later = await asyncio.gather(*(cache.get_or_fetch("crowd", 60_000, source.fetch) for _ in range(50)))

    assert set(first + later) == {b"value"}
    assert source.asked == 1


async def test_what_was_fetched_before_a_change_is_not_put_behind_it(cache_server: Kept) -> None:
    """A slow fetch that began before the delete brings its callers the old value, and the cache nothing."""
    go = asyncio.Event()

    async def slow() -> bytes:
        await go.wait()
        return b"old"

    async with opened(cache_server) as cache:
        await settled(cache)
        early = asyncio.create_task(cache.get_or_fetch("raced", 60_000, slow))
        while not cache._flights._under_way:  # noqa: ASYNC110 - it has none
            await asyncio.sleep(0)
        await cache.delete("raced")
        go.set()

        assert await early == b"old"
        assert await cache.get("raced") is None


@pytest.mark.parametrize("fault", ["dead", "silent"])
async def test_a_cache_that_is_away_costs_a_moment_once(cache_server: Kept, fault: str) -> None:
    """The first who asks waits no longer than the timeout; later ones do not wait at all, and all get their values."""
    source = Source()
    async with opened(cache_server) as cache:
        await settled(cache)
        await asyncio.to_thread(cache_server.kill if fault == "dead" else cache_server.pause)
        try:
            first_s = await timed_s(lambda: cache.get("any"))
            later_s = sorted([await timed_s(lambda: cache.get("any")) for _ in range(200)])
            values = [await cache.get_or_fetch(f"away-{number}", 60_000, source.fetch) for number in range(5)]
        finally:
            await asyncio.to_thread(cache_server.start if fault == "dead" else cache_server.resume)
        began = time.monotonic()
        await settled(cache)
        back_s = time.monotonic() - began
        await cache.set("again", b"1", 60_000)

        assert first_s < TIMEOUT_S + SLACK_S
        assert later_s[150] < TIMEOUT_S / 20
        assert values == [b"value"] * 5
        assert back_s < BACK_S
        assert await cache.get("again") == b"1"


async def test_a_refused_command_is_an_error_of_its_own(cache_server: Kept) -> None:
    """The server lives: other commands go on at once."""
    with Redis.from_url(cache_server.address) as client:
        client.lpush("list", "not a value")
    async with opened(cache_server) as cache:
        await settled(cache)
        with pytest.raises(Away):
            await cache.get("list")

        assert await cache.get("another") is None


async def test_a_wrong_password_is_a_cache_that_is_away(cache_server: Kept) -> None:
    """And is told once, not with each request; the password is in no message."""
    address = re.sub(":[^:@/]+@", ":hunter2@", cache_server.address)
    async with Cache(
        SharedConnection(Secret(address), timeout_s=TIMEOUT_S), registry=CollectorRegistry()
    ).open() as cache:
        with pytest.raises(Away) as raised:
            await cache.get("any")
        later_s = sorted([await timed_s(lambda: cache.get("any")) for _ in range(20)])

    assert "WRONGPASS" in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert later_s[10] < TIMEOUT_S / 20


async def test_a_trial_is_paid_by_nobody(cache_server: Kept) -> None:
    """While the cache is silent for as long as several trials take, no call but the first waits."""
    async with opened(cache_server) as cache:
        await settled(cache)
        await asyncio.to_thread(cache_server.pause)
        try:
            await timed_s(lambda: cache.get("any"))
            slow, end = 0, time.monotonic() + 2
            while time.monotonic() < end:
                slow += await timed_s(lambda: cache.get("any")) > TIMEOUT_S / 2
                await asyncio.sleep(0.01)
        finally:
            await asyncio.to_thread(cache_server.resume)
        await settled(cache)

    assert slow == 0


async def test_hits_misses_and_errors_are_counted(cache_server: Kept) -> None:
    """By the result of each question, also of those that were not put to it."""
    registry = CollectorRegistry()
    async with opened(cache_server, registry) as cache:
        await settled(cache)
        await cache.get("counted")
        await cache.set("counted", b"1", 60_000)
        await cache.get("counted")
        await asyncio.to_thread(cache_server.pause)
        try:
            await timed_s(lambda: cache.get("counted"))
            await timed_s(lambda: cache.get("counted"))
        finally:
            await asyncio.to_thread(cache_server.resume)
        await settled(cache)

    counts = {
        result: registry.get_sample_value("cache_requests_total", {"result": result})
        for result in ("hit", "miss", "error")
    }
    assert counts == {"hit": 1, "miss": 1, "error": 2}


async def test_an_answer_never_belongs_to_another_question(cache_server: Kept) -> None:
    """Questions that were given up leave no answers behind on their connections."""
    async with opened(cache_server) as cache:
        await settled(cache)
        for number in range(50):
            await cache.set(f"own-{number}", str(number).encode(), 60_000)
        for _ in range(5):
            tasks = [asyncio.create_task(cache.get(f"own-{number}")) for number in range(50)]
            await asyncio.sleep(0.001)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.wait(tasks)
        await settled(cache)
        found = [await cache.get(f"own-{number}") for number in range(50)]

    assert found == [str(number).encode() for number in range(50)]
