"""The notes service while its parts are away: the statuses, the bounds on its answers, and the time to recover."""

import asyncio
import statistics
import time
from collections.abc import Callable

import httpx
import pytest
from notes_service import Service

from climb.stack.server import Kept

pytestmark = pytest.mark.slow

BOUND_S = 3.0
BACK_S = 5.0

Fault = tuple[Callable[[Kept], None], Callable[[Kept], None]]
FAULTS: dict[str, Fault] = {"killed": (Kept.kill, Kept.start), "silent": (Kept.pause, Kept.resume)}


async def answered(client: httpx.AsyncClient, path: str) -> tuple[float, httpx.Response]:
    began = time.monotonic()
    answer = await client.get(path)
    return time.monotonic() - began, answer


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_the_database_everything_is_answered_in_time(
    notes: Service, database_server: Kept, fault: str
) -> None:
    """503 with Retry-After, while it lives; and soon after it is back all is well again."""
    begin, end = FAULTS[fault]
    async with notes.client() as client:
        await client.post("/v1/notes", json={"text": "kept"})
        await asyncio.to_thread(begin, database_server)
        try:
            lists = await asyncio.gather(*(answered(client, "/v1/notes") for _ in range(30)))
            healthy = (await client.get("/healthz")).status_code
            await notes.wait_for(status=503, within_s=5)
            readiness = await client.get("/readyz")
            later = [await answered(client, "/v1/notes") for _ in range(20)]
        finally:
            await asyncio.to_thread(end, database_server)
        back_s = await notes.wait_for(within_s=20)
        kept = (await client.get("/v1/notes")).json()["items"]

    assert healthy == 200
    assert readiness.headers["content-type"] == "application/problem+json"
    assert readiness.json()["probes"] == {"database": "away"}
    for took_s, answer in lists + later:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert took_s < BOUND_S
    assert back_s < BACK_S
    assert [note["text"] for note in kept] == ["kept"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_the_cache_everything_is_as_always(notes: Service, cache_server: Kept, fault: str) -> None:
    """Only what was cached is read from the database, which costs a few milliseconds."""
    begin, end = FAULTS[fault]
    async with notes.client() as client:
        place = (await client.post("/v1/notes", json={"text": "a"})).headers["location"]
        with_it = [await answered(client, place) for _ in range(50)]
        await asyncio.to_thread(begin, cache_server)
        try:
            without = [await answered(client, place) for _ in range(50)]
            ready = (await client.get("/readyz")).status_code
        finally:
            await asyncio.to_thread(end, cache_server)

    assert {answer.status_code for _, answer in with_it + without} == {200}
    assert ready == 200
    usual_s = statistics.median(took_s for took_s, _ in with_it)
    assert statistics.median(took_s for took_s, _ in without) < max(20 * usual_s, 0.05)


async def test_a_start_without_the_database_waits_for_it(start: Callable[..., Service], database_server: Kept) -> None:
    """It lives and is not ready; when the database comes, the tables are made."""
    await asyncio.to_thread(database_server.stop)
    try:
        service = start()
        await service.wait_for("/healthz")
        await service.wait_for(status=503)
    finally:
        await asyncio.to_thread(database_server.start)
    back_s = await service.wait_for(within_s=20)
    async with service.client() as client:
        answer = await client.get("/v1/notes")

    assert answer.status_code == 200
    assert back_s < BACK_S


async def test_two_that_start_on_an_empty_database_are_both_ready(start: Callable[..., Service]) -> None:
    """One makes the tables, and neither fails."""
    services = [start() for _ in range(3)]
    await asyncio.gather(*(service.wait_for() for service in services))

    assert ["not_prepared" in service.log.read_text() for service in services] == [False] * 3


async def test_what_was_acknowledged_is_there_after_a_kill(notes: Service, start: Callable[..., Service]) -> None:
    """Of the service, in the middle of many requests."""
    acknowledged: list[str] = []

    async def write(client: httpx.AsyncClient, name: str) -> None:
        for number in range(1000):
            answer = await client.post("/v1/notes", json={"text": f"{name}-{number}"})
            if answer.status_code == 201:
                acknowledged.append(f"{name}-{number}")

    async with notes.client() as client:
        writers = [asyncio.create_task(write(client, name)) for name in "abcd"]
        while len(acknowledged) < 40:  # noqa: ASYNC110 - the writers do not know
            await asyncio.sleep(0.005)
        notes.kill()
        await asyncio.wait(writers)
        for writer in writers:
            assert isinstance(writer.exception(), httpx.TransportError)
    other = start()
    await other.wait_for()
    async with other.client() as client:
        kept, after = set(), None
        while True:
            page = (await client.get("/v1/notes", params={"after": after} if after else {})).json()
            kept |= {note["text"] for note in page["items"]}
            if not (after := page["next"]):
                break

    assert set(acknowledged) <= kept
