"""The end of an instance: what was begun is finished, nothing new is begun, and a rolling restart loses no request."""

import asyncio
import signal
import time

import pytest
from links_world import Instance, LinksWorld

pytestmark = pytest.mark.slow


async def test_a_rolling_restart_loses_no_request(world: LinksWorld) -> None:
    """Clients with open connections are answered until theirs is ended by an answer; then they go to the new instance."""
    old, new = await asyncio.gather(world.start(), world.start())
    await old.make("spring")
    statuses: list[int] = []
    ended = asyncio.Event()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", old.port)
        moved = after = 0
        while after < 20:
            writer.write(b"GET /spring HTTP/1.1\r\nHost: a\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            statuses.append(int(head[9:12]))
            after += moved
            if b"connection: close" in head:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", new.port)
                moved = 1
            if len(statuses) > 200:
                ended.set()
        writer.close()

    clients = [asyncio.create_task(client()) for _ in range(8)]
    await asyncio.wait_for(ended.wait(), 60)
    code = await asyncio.to_thread(old.end)
    await asyncio.wait_for(asyncio.gather(*clients), 60)
    total = await new.clicks("spring", len(statuses))

    assert code == 0
    assert set(statuses) == {302}
    assert total == len(statuses)


async def ended(instance: Instance) -> tuple[int, float]:
    """Its exit code and how long that took."""
    began = time.monotonic()
    instance.process.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(instance.process.wait, 15), time.monotonic() - began


async def test_without_work_it_ends_soon(world: LinksWorld) -> None:
    """Idle connections don't hold it up."""
    instance = await world.start()
    code, took_s = await ended(instance)

    assert code == 0
    assert took_s < 5


@pytest.mark.parametrize("part", ["database", "cache"])
async def test_a_silent_part_does_not_hold_it_up(world: LinksWorld, part: str) -> None:
    """It ends within ten seconds, with exit code 0."""
    instance = await world.start()
    await instance.make("spring")
    getattr(instance, part).stop()
    asked = asyncio.create_task(instance.client.get("/v1/links"))
    await instance.client.get("/healthz")  # answered, so what was sent before it is under way
    code, took_s = await ended(instance)
    answer = await asked

    assert code == 0
    assert took_s < 10
    assert answer.status_code in {200, 503}
