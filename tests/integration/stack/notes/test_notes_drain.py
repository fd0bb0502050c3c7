"""The end of the notes service: what was begun is finished, nothing new is begun, and it is over in time."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable

import httpx
import pytest
from notes_service import Service

pytestmark = pytest.mark.slow


async def connects(service: Service) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", service.port)
    except OSError:
        return False
    writer.close()
    return True


async def test_what_was_begun_is_finished(notes: Service) -> None:
    """The answer arrives, its connection ends, and the exit code is 0."""
    async with notes.client() as client:
        asked = asyncio.create_task(client.get("/slow?s=1"))
        await client.get("/healthz")  # the one before it was sent first
        notes.process.send_signal(signal.SIGTERM)
        answer = await asked
    code = await asyncio.to_thread(notes.process.wait, 15)

    assert (answer.status_code, answer.headers.get("connection"), code) == (200, "close", 0)


async def test_new_connections_are_refused(notes: Service) -> None:
    """While what was begun goes on."""
    async with notes.client() as client:
        asked = asyncio.create_task(client.get("/slow?s=2"))
        await client.get("/healthz")
        notes.process.send_signal(signal.SIGTERM)
        while await connects(notes):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)

        assert (await asked).status_code == 200


async def test_without_work_it_ends_at_once(notes: Service) -> None:
    """Idle connections don't hold it up."""
    async with notes.client() as client:
        await client.get("/healthz")
        began = time.monotonic()
        code = await asyncio.to_thread(notes.end)

    assert code == 0
    assert time.monotonic() - began < 5


async def test_a_client_that_never_reads_does_not_hold_it_up(notes: Service) -> None:
    """It ends within ten seconds, with exit code 0."""
    reader, writer = await asyncio.open_connection("127.0.0.1", notes.port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.read(10)
    writer.transport.pause_reading()
    began = time.monotonic()
    code = await asyncio.to_thread(notes.end)
    writer.close()

    assert code == 0
    assert time.monotonic() - began < 10


async def test_a_statement_that_hangs_does_not_hold_it_up(notes: Service) -> None:
    """The database has its own bound."""
    async with notes.client() as client:
        asked = asyncio.create_task(client.get("/stuck?s=60"))
        await client.get("/healthz")
        began = time.monotonic()
        code = await asyncio.to_thread(notes.end)
        with contextlib.suppress(httpx.TransportError):
            await asked

    assert code == 0
    assert time.monotonic() - began < 10


async def test_a_rolling_restart_loses_no_request(start: Callable[..., Service]) -> None:
    """Clients with open connections are answered until theirs is ended by an answer; then they go to the new instance."""
    old, new = start(), start()
    await asyncio.gather(old.wait_for(), new.wait_for())
    statuses: list[int] = []
    ended = asyncio.Event()

    async def client() -> None:
        """One that keeps its connection, as a balancer does, and leaves it only when it is told to."""
        reader, writer = await asyncio.open_connection("127.0.0.1", old.port)
        moved, after = False, 0
        while after < 20:
            writer.write(b"GET /v1/notes HTTP/1.1\r\nHost: a\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            statuses.append(int(head[9:12]))
            after += moved
            if b"connection: close" in head:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", new.port)
                moved = True
            if len(statuses) > 200:
                ended.set()
        writer.close()

    clients = [asyncio.create_task(client()) for _ in range(8)]
    await asyncio.wait_for(ended.wait(), 60)
    code = await asyncio.to_thread(old.end)
    await asyncio.wait_for(asyncio.gather(*clients), 60)

    assert code == 0
    assert set(statuses) == {200}
