import asyncio
import socket
import time

import psutil
import pytest

from climb.judge.world import Server, hostile

REQUEST = b"GET / HTTP/1.1\r\nHost: any\r\n\r\n"


async def first_bytes(server: Server, count: int, data: bytes = REQUEST) -> bytes:
    """The first ``count`` bytes that come after ``data``; then the client closes."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(server.address, server.port)
        try:
            writer.write(data)
            return await reader.readexactly(count)
        finally:
            writer.transport.abort()


@pytest.mark.parametrize("script", [hostile.tarpit(), hostile.silent_tls(), hostile.never_reads()])
async def test_some_never_answer(world, script) -> None:
    """A client that asks waits in vain, and its leaving is noticed."""
    server = await world.listener(script)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first_bytes(server, 1), 0.15)

    assert await server.drained(5)


async def test_never_reads_leaves_a_big_sender_stuck(world) -> None:
    """The client's buffers fill up and stay full."""
    server = await world.listener(hostile.never_reads())
    with socket.create_connection((server.address, server.port)) as client:
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(client.sendall, bytes(64 * 1024 * 1024))

    assert server.seen.received == 0


async def test_a_byte_at_a_time_is_a_byte_at_a_time(world) -> None:
    """Each read gets one byte, with the pause in between."""
    server = await world.listener(hostile.one_byte_a_second(b"SSH", every_s=0.05))
    reader, writer = await asyncio.open_connection(server.address, server.port)
    begin = time.monotonic()
    reads = [await asyncio.wait_for(reader.read(100), 5) for _ in range(3)]
    took = time.monotonic() - begin
    writer.close()
    await writer.wait_closed()

    assert reads == [b"S", b"S", b"H"]
    assert took >= 0.08


async def test_slow_tls_begins_like_a_server_hello(world) -> None:
    """The answer to a ClientHello is a handshake record that takes for ever."""
    server = await world.listener(hostile.slow_tls(every_s=0.01))

    assert await first_bytes(server, 6, b"\x16\x03\x01\x00\x05hello") == b"\x16\x03\x03\x40\x00\x02"


async def test_resets_are_resets(world) -> None:
    """The client's next read fails, at once or after its request."""
    for script in (hostile.reset_at_once(), hostile.reset_after_request()):
        server = await world.listener(script)
        with pytest.raises(ConnectionResetError):
            await first_bytes(server, 1)


@pytest.mark.parametrize("asked", [False, True])
async def test_garbage_comes_as_given(world, asked: bool) -> None:
    """Unasked, or only after the client has sent something."""
    data = bytes(range(256))
    server = await world.listener(hostile.garbage(data, asked=asked))

    assert await first_bytes(server, 256, b"x" if asked else b"") == data


ENDLESS = {
    "headers": hostile.endless_headers(),
    "line": hostile.endless_line(),
    "body": hostile.endless_body(),
    "chunks": hostile.endless_body(chunked=True),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_endless_ones_go_on_and_stop_with_the_client(world, name: str) -> None:
    """Two megabytes come without an end; when the client leaves, so does the script."""
    server = await world.listener(ENDLESS[name])

    data = await first_bytes(server, 2_000_000)

    assert await server.drained(5)
    assert server.seen.sent >= 2_000_000
    if name == "headers":
        assert b"\r\n\r\n" not in data
    if name == "line":
        assert b"\n" not in data


async def test_a_client_that_does_not_read_costs_nothing(world) -> None:
    """What is sent stops at the kernel's buffers, and the judge's memory stays as it is."""
    server = await world.listener(hostile.endless_body())
    before = psutil.Process().memory_info().rss
    clients = [socket.create_connection((server.address, server.port)) for _ in range(10)]
    for client in clients:
        client.sendall(REQUEST)
    await asyncio.sleep(0.5)
    grown = psutil.Process().memory_info().rss - before
    for client in clients:
        client.close()

    assert server.seen.sent < 10 * 16 * 1024 * 1024
    assert grown < 16 * 1024 * 1024


async def test_a_client_that_reads_without_bound_does_not_starve_the_others(world) -> None:
    """While one client is flooded, another gets its answer soon."""
    flood = await world.listener(hostile.endless_body())
    other = await world.listener(hostile.garbage(b"x"))
    reader, writer = await asyncio.open_connection(flood.address, flood.port)
    writer.write(REQUEST)
    greedy = asyncio.create_task(_read_all(reader))
    await asyncio.sleep(0.05)
    begin = time.monotonic()
    for _ in range(20):
        await first_bytes(other, 1)
    took = time.monotonic() - begin
    greedy.cancel()
    writer.transport.abort()

    assert took < 2


async def _read_all(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def test_a_huge_body_has_the_size_it_announced(world) -> None:
    """Content-Length is honest: the body has exactly that many bytes."""
    server = await world.listener(hostile.huge_body(3_000_001))
    reader, writer = await asyncio.open_connection(server.address, server.port)
    writer.write(REQUEST)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 3000001" in head
    assert len(body) == 3_000_001


async def test_a_short_body_is_shorter_than_it_announced(world) -> None:
    """The response ends before its Content-Length."""
    server = await world.listener(hostile.short_body(1000, b"<title>cut"))
    reader, writer = await asyncio.open_connection(server.address, server.port)
    writer.write(REQUEST)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()

    assert b"Content-Length: 1000\r\n" in answer
    assert answer.endswith(b"\r\n\r\n<title>cut")


async def test_a_huge_chunk_claims_more_than_there_is(world) -> None:
    """The first chunk's size is 2**64 - 1."""
    answer = await first_bytes(await world.listener(hostile.huge_chunk()), 110)

    assert b"\r\n\r\nffffffffffffffff\r\n" in answer


async def test_a_page_may_lie_about_its_encoding(world) -> None:
    """The header says UTF-8, the title is not."""
    answer = await first_bytes(await world.listener(hostile.invalid_utf8_page()), 140)

    assert b"charset=utf-8" in answer
    with pytest.raises(UnicodeDecodeError):
        answer.decode()
