"""Clicks: each that was answered is counted, once, whatever dies between the answer and the database."""

import asyncio
import contextlib
import time

import httpx
import pytest
from links_world import Instance, LinksWorld

pytestmark = pytest.mark.slow


class Crowd:
    """Four clients on a connection each, and how many answers they got to how many requests."""

    def __init__(self) -> None:
        self.answered = self.asked = 0
        self._end = asyncio.Event()
        self._more = asyncio.Event()
        self._following: list[asyncio.Task[None]] = []

    def begin(self, instance: Instance, code: str) -> None:
        """Follow the link until the instance or the crowd is ended."""
        self._end.clear()
        self._following = [asyncio.create_task(self._follow(instance, code)) for _ in range(4)]

    async def got(self, more: int) -> None:
        """Wait until so many more were answered."""
        wanted = self.answered + more
        async with asyncio.timeout(30):
            while self.answered < wanted:
                self._more.clear()
                await self._more.wait()

    async def ended(self) -> None:
        """Let them end, if they have not."""
        self._end.set()
        await asyncio.gather(*self._following)

    async def _follow(self, instance: Instance, code: str) -> None:
        with contextlib.suppress(httpx.TransportError):
            async with instance.new_client() as client:
                while not self._end.is_set():
                    self.asked += 1
                    answer = await client.get(f"/{code}")
                    assert answer.status_code in {302, 503}
                    self.answered += answer.status_code == 302
                    self._more.set()


async def test_each_is_counted_once(world: LinksWorld) -> None:
    """Those of all instances, within two seconds; HEAD and answers without a way are none."""
    first, second = await asyncio.gather(world.start(), world.start())
    await first.make("spring")
    for instance in (first, second) * 10:
        await instance.follow("spring")
        await instance.client.head("/spring")
    await first.follow("nowhere")
    began = time.monotonic()
    total = await first.clicks("spring", 20, within_s=2)
    await asyncio.sleep(max(0.0, began + 1.5 - time.monotonic()))
    link = (await first.client.get("/v1/links/spring")).json()

    assert total == 20
    assert await first.clicks("spring", 20) == 20
    assert link["clicks"] == 20


async def test_a_killed_instance_has_lost_none(world: LinksWorld) -> None:
    """Killed three times while it is followed; within five seconds after it is ready again all are there."""
    instance = await world.start()
    await instance.make("spring")
    crowd = Crowd()
    for _ in range(3):
        crowd.begin(instance, "spring")
        await crowd.got(50)
        instance.kill()
        await crowd.ended()
        await instance.start_again()
    total = await instance.clicks("spring", crowd.answered, within_s=5)
    await asyncio.sleep(1)

    assert crowd.answered <= total <= crowd.asked
    assert await instance.clicks("spring", crowd.answered) == total
    assert len(instance.files) == 1  # of the process that runs


async def test_clicks_wait_for_the_database(world: LinksWorld) -> None:
    """While it is away, and the instance is killed meanwhile too."""
    instance = await world.start()
    await instance.make("spring")
    assert (await instance.follow("spring"))[0] == 302
    await instance.clicks("spring", 1)
    instance.database.cut()
    crowd = Crowd()
    crowd.begin(instance, "spring")
    await asyncio.sleep(1.5)  # until clicks would have been moved
    await crowd.got(50)
    instance.kill()
    await crowd.ended()
    instance.database.heal()
    await instance.start_again()
    total = await instance.clicks("spring", crowd.answered + 1, within_s=5)

    assert crowd.answered + 1 <= total <= crowd.asked + 1


@pytest.mark.parametrize("fault", ["cut", "stop"])
async def test_none_is_counted_twice_when_the_answer_of_the_database_is_lost(world: LinksWorld, fault: str) -> None:
    """The road breaks again and again while clicks are moved."""
    instance = await world.start()
    await instance.make("spring")
    crowd = Crowd()
    crowd.begin(instance, "spring")
    for _ in range(6):
        await asyncio.sleep(0.45)
        getattr(instance.database, fault)()
        await asyncio.sleep(0.15)
        instance.database.heal()
    await crowd.ended()
    total = await instance.clicks("spring", crowd.answered, within_s=8)
    await asyncio.sleep(1)

    assert 0 < crowd.answered == crowd.asked
    assert await instance.clicks("spring", crowd.answered) == total == crowd.answered


async def test_the_last_clicks_are_counted_at_an_end_in_order(world: LinksWorld) -> None:
    """And no file is left."""
    first, second = await asyncio.gather(world.start(), world.start())
    await first.make("spring")
    for _ in range(30):
        await second.follow("spring")
    code = await asyncio.to_thread(second.end)

    assert code == 0
    assert second.files == []
    assert await first.clicks("spring", 30, within_s=1) == 30


async def test_hours_and_days(world: LinksWorld) -> None:
    """Clicks are asked for by hour and by day, from one full hour to another."""
    instance = await world.start()
    await instance.make("spring")
    await instance.follow("spring")
    await instance.clicks("spring", 1)
    hour = time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime())
    day = hour[:11] + "00:00:00Z"

    async def asked(query: str) -> httpx.Response:
        return await instance.client.get(f"/v1/links/spring/clicks?{query}")

    assert (await asked("by=hour")).json()["items"][0]["start"] in {
        hour,
        time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() - 3600)),
    }
    assert (await asked("")).json() == {"total": 1, "items": [{"start": day, "count": 1}]}
    assert (await asked("to=2020-01-01T00:00:00Z")).json() == {"total": 0, "items": []}
    assert (await asked("from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z")).json()["total"] == 1
    for query in ("from=2020-01-01T00:30:00Z", "by=week", f"from={hour}&to={hour}", "to=now"):
        assert (await asked(query)).status_code == 422, query
