"""What may be stale, on two instances with roads of their own: never for longer than the bound, whatever is away for whom."""

import asyncio
import time
from collections.abc import Callable

import pytest
from links_world import Instance, LinksWorld
from redis import Redis

pytestmark = pytest.mark.slow
STALE_S = 2.0
OLD, NEW = "https://example.org/old", "https://example.org/new"


async def pair(world: LinksWorld, code: str = "spring") -> tuple[Instance, Instance]:
    """One that makes and changes a link, and one that has followed it a moment ago."""
    changing, following = await asyncio.gather(world.start(), world.start())
    await changing.make(code, OLD)
    for _ in range(3):
        assert await following.follow(code) == (302, OLD)
    return changing, following


async def change(instance: Instance, code: str = "spring") -> float:
    """When the change was answered."""
    answer = await instance.client.patch(f"/v1/links/{code}", json={"url": NEW})
    assert answer.status_code == 200, answer.text
    return time.monotonic()


async def followed(
    instance: Instance, code: str, until: Callable[[tuple[int, str]], bool], within_s: float
) -> list[tuple[float, int, str]]:
    """All answers with the moments when they were asked for, until one is as wanted."""
    seen, end = [], time.monotonic() + within_s
    while time.monotonic() < end:
        at = time.monotonic()
        status, location = await instance.follow(code)
        seen.append((at, status, location))
        if until((status, location)):
            break
        await asyncio.sleep(0.01)
    return seen


def is_new(answer: tuple[int, str]) -> bool:
    return answer == (302, NEW)


async def demand_fresh(instance: Instance, changed_at: float) -> None:
    """The new one comes, and the old one no later than the bound."""
    seen = await followed(instance, "spring", is_new, STALE_S + 1)

    assert seen[-1][1:] == (302, NEW), seen[-5:]
    assert all(at - changed_at < STALE_S for at, _, location in seen if location == OLD)


async def test_a_change_is_seen_by_all(world: LinksWorld) -> None:
    """At once where it was made, and within the bound elsewhere."""
    changing, following = await pair(world)
    changed_at = await change(changing)

    assert await changing.follow("spring") == (302, NEW)
    await demand_fresh(following, changed_at)


async def test_a_deleted_link_is_gone_for_all(world: LinksWorld) -> None:
    """And stays gone, also when the cache is emptied and both have been started anew."""
    changing, following = await pair(world)
    assert (await changing.client.delete("/v1/links/spring")).status_code == 204
    deleted_at = time.monotonic()
    seen = await followed(following, "spring", lambda answer: answer[0] == 410, STALE_S + 1)

    assert seen[-1][1] == 410
    assert all(at - deleted_at < STALE_S for at, status, _ in seen if status == 302)

    with Redis.from_url(world.cache.address) as client:
        client.flushall()
    following.kill()
    await following.start_again()
    assert (await following.follow("spring"))[0] == 410
    assert (await changing.client.post("/v1/links", json={"url": OLD, "code": "spring"})).status_code == 409


@pytest.mark.parametrize("fault", ["cut", "stop"])
async def test_the_cache_could_not_be_told(world: LinksWorld, fault: str) -> None:
    """The instance that follows has the cache, with the old entry, and the database: it finds the change there."""
    changing, following = await pair(world)
    getattr(changing.cache, fault)()
    changed_at = await change(changing)

    await demand_fresh(following, changed_at)


@pytest.mark.parametrize("fault", ["cut", "stop"])
async def test_the_cache_still_has_what_was_for_one_that_starts_now(world: LinksWorld, fault: str) -> None:
    """It is never believed, although the new instance has not heard of the change before."""
    changing, _ = await pair(world)
    getattr(changing.cache, fault)()
    await change(changing)
    late = await world.start()

    assert await late.follow("spring") == (302, NEW)


@pytest.mark.parametrize("fault", ["cut", "stop"])
async def test_the_database_is_away_for_who_follows(world: LinksWorld, fault: str) -> None:
    """The cache knows of the change."""
    changing, following = await pair(world)
    getattr(following.database, fault)()
    changed_at = await change(changing)

    await demand_fresh(following, changed_at)


async def test_the_database_was_away_before(world: LinksWorld) -> None:
    """For so long that only the cache was asked meanwhile."""
    changing, following = await pair(world)
    following.database.cut()
    await followed(following, "spring", lambda _: False, STALE_S + 1)
    changed_at = await change(changing)

    await demand_fresh(following, changed_at)


async def test_both_fail_in_the_worst_places(world: LinksWorld) -> None:
    """The cache for the one, the database for the other: then until five seconds after one of them is back."""
    changing, following = await pair(world)
    changing.cache.stop()
    following.database.stop()
    await change(changing)
    await followed(following, "spring", lambda _: False, STALE_S + 1)
    changing.cache.heal()
    healed_at = time.monotonic()
    seen = await followed(following, "spring", is_new, 6)

    assert seen[-1][1:] == (302, NEW)
    assert seen[-1][0] - healed_at < 5


async def test_who_can_ask_nobody_stops_following(world: LinksWorld) -> None:
    """No longer than the bound after it last asked; and within five seconds after one is back, all is well."""
    _, following = await pair(world)
    following.database.stop()
    following.cache.stop()
    alone_at = time.monotonic()
    seen = await followed(following, "spring", lambda answer: answer[0] == 503, STALE_S + 2)
    answer = await following.client.get("/spring")

    assert all(at - alone_at < STALE_S for at, status, _ in seen if status == 302)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    following.cache.heal()
    await following.until("/spring", lambda answer: answer.status_code == 302, 5)


async def test_a_link_is_there_at_once_on_every_instance(world: LinksWorld) -> None:
    """Unless it was asked for in vain a moment before: then within the bound."""
    first, second = await asyncio.gather(world.start(), world.start())
    for number in range(20):
        await first.make(f"new-{number}", OLD)
        assert await second.follow(f"new-{number}") == (302, OLD)
    assert (await second.follow("later"))[0] == 404
    await first.make("later", OLD)
    made_at = time.monotonic()
    seen = await followed(second, "later", lambda answer: answer[0] == 302, STALE_S + 1)

    assert seen[-1][1] == 302
    assert seen[-1][0] - made_at < STALE_S
    assert await first.follow("later") == (302, OLD)


async def test_a_link_that_was_answered_lately_goes_on_without_the_database(world: LinksWorld) -> None:
    """Also if the cache was emptied since it was made."""
    _, following = await pair(world)
    with Redis.from_url(world.cache.address) as client:
        client.flushall()
        await following.until("/spring", lambda _: bool(client.exists("links:spring")), 5)
    following.database.cut()
    seen = await followed(following, "spring", lambda _: False, STALE_S + 2)

    assert {status for _, status, _ in seen} == {302}


async def test_a_small_bound_is_held_too(world: LinksWorld) -> None:
    """A tenth of a second."""
    changing, following = await asyncio.gather(world.start(STALE_MS="100"), world.start(STALE_MS="100"))
    for number in range(5):
        await changing.make(f"code-{number}", OLD)
        await following.follow(f"code-{number}")
        await change(changing, f"code-{number}")
        await asyncio.sleep(0.1)

        assert await following.follow(f"code-{number}") == (302, NEW)


async def test_an_end_holds_to_the_moment(world: LinksWorld) -> None:
    """On every instance, whatever is cached."""
    first, second = await asyncio.gather(world.start(), world.start())
    end = time.time() + 1.5
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(end)) + f".{int(end % 1 * 1e6):06}Z"
    await first.make("short", OLD, expires_at=text)

    async def last_followed(instance: Instance) -> tuple[float, float]:
        """When it was followed last, and when it was gone first."""
        last = 0.0
        while True:
            before = time.time()
            status, _ = await instance.follow("short")
            if status == 410:
                return last, time.time()
            last = before

    for last, gone in await asyncio.gather(last_followed(first), last_followed(second)):
        assert last < end <= gone
