"""What a client can make the service keep: heads, bodies, silence and unread answers have bounds, and others notice nothing."""

import asyncio
import time
from collections.abc import Iterator

import psutil
import pytest
from notes_service import Service, services

from climb.stack.server import Kept

pytestmark = pytest.mark.slow

HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(scope="module")
def one_for_all(
    database_server: Kept, cache_server: Kept, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service that waits half a second for its clients. What one of them does must not harm the next, so they share it."""
    with services(database_server, cache_server, tmp_path_factory.mktemp("strict")) as start:
        yield start(STALL_S="0.5", HEAD_BYTES="4096")


@pytest.fixture
async def strict(one_for_all: Service) -> Service:
    """When it is ready."""
    await one_for_all.wait_for()
    return one_for_all


async def said(service: Service, *pieces: bytes, pause_s: float = 0.0, within_s: float = 10) -> bytes:
    """All that comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.read(), within_s)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / nonsense\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (HEAD + b"Host: b\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (HEAD + b" folded: 1\r\n\r\n", 400),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (HEAD + b"A: " + b"a" * 5000 + b"\r\n\r\n", 431),
        (HEAD + b"A: b\r\n" * 1000 + b"\r\n", 431),
    ],
)
async def test_what_is_no_request_is_a_problem_and_ends_the_connection(
    strict: Service, request_bytes: bytes, status: int
) -> None:
    """The request behind it is not answered."""
    answer = await said(strict, request_bytes + HEAD + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in answer
    assert answer.count(b"HTTP/1.1") == 1


async def test_an_endless_head_is_refused(strict: Service) -> None:
    """As soon as it is too long, not when it ends."""
    answer = await said(strict, HEAD + b"A: ", *[b"a" * 1000] * 10, pause_s=0.005)

    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("begin", [b"5;a=", b"5\r\nhello\r\n0\r\nA: ", b"0\r\n" + b"A: b\r\n" * 100])
async def test_what_stands_between_the_pieces_of_a_body_has_an_end(strict: Service, begin: bytes) -> None:
    """An endless extension, an endless trailer, endless trailers."""
    head = b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    more = b"A: b\r\n" * 150 if begin.endswith(b"\n") else b"a" * 1000
    answer = await said(strict, head + begin, *[more] * 10, pause_s=0.005)

    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_trailers_are_no_fields_of_the_head(strict: Service) -> None:
    """Nothing that comes behind a body says who asks, or what the body is."""
    chunks = b'c\r\n{"text":"a"}\r\n0\r\nContent-Type: application/json\r\nX-Request-Id: late\r\n\r\n'
    head = b"POST /v1/notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = await said(strict, head + chunks)

    assert answer.startswith(b"HTTP/1.1 415 ")
    assert b"late" not in answer


async def test_a_head_that_drips_is_refused(strict: Service) -> None:
    """Its time runs from its first byte to its last, whatever comes in between."""
    answer = await said(strict, *[HEAD[index : index + 1] for index in range(12)], pause_s=0.1)

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_who_says_nothing_is_let_go(strict: Service) -> None:
    """Without a word."""
    assert await said(strict) == b""
    assert await said(strict, b"\r\n", b"\r\n", b"\r\n", pause_s=0.1) == b""
    assert (await said(strict, HEAD + b"\r\n", b"\r\n", pause_s=0.1)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_stops_is_refused(strict: Service) -> None:
    """A slow one that goes on is not."""
    head = b"POST /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n"
    stalled = await said(strict, head + b"12345")
    slow = await said(strict, head, *[b"1"] * 10, pause_s=0.1)

    assert stalled.startswith(b"HTTP/1.1 408 ")
    assert slow.startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_is_too_long_is_refused_before_it_is_sent(strict: Service) -> None:
    """A client that waits for 100 is told 413 instead; a route with a larger bound takes more."""
    head = b"HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n"
    refused = await said(strict, b"POST /v1/notes " + head)
    taken = await said(strict, b"POST /body " + head, b"x" * 70_000, pause_s=0.05)

    assert refused.startswith(b"HTTP/1.1 413 ")
    assert taken.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")


async def test_the_refusal_of_a_long_body_arrives(strict: Service) -> None:
    """Also at a client that first sends everything and then reads."""
    body = b"x" * 2_000_000
    head = b"POST /v1/notes HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
    chunked = await said(strict, head + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(body) + body)

    assert chunked.startswith(b"HTTP/1.1 413 ")


async def test_who_does_not_read_is_let_go(strict: Service) -> None:
    """And the connection's memory with it; one who reads slowly gets all of it."""
    deaf_reader, deaf = await asyncio.open_connection("127.0.0.1", strict.port, limit=1024)
    reader, slow = await asyncio.open_connection("127.0.0.1", strict.port, limit=2_000_000)
    server = psutil.Process(strict.process.pid)
    own = deaf.get_extra_info("sockname")[1]
    for writer in (deaf, slow):
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    await deaf_reader.read(10)
    deaf.transport.pause_reading()
    came, end = 0, time.monotonic() + 30
    while came < 30_000_000:
        came += len(await asyncio.wait_for(reader.read(2_000_000), 10))
        await asyncio.sleep(0.03)
    while any(one.raddr and one.raddr.port == own for one in server.net_connections("tcp")):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    for writer in (deaf, slow):
        writer.transport.abort()


async def test_an_earlier_request_is_answered_before_the_connection_ends(strict: Service) -> None:
    """A broken request behind a good one takes nothing from it, and no other answer comes before it."""
    answer = await said(strict, b"GET /slow?s=0.2 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'"done"')


async def test_an_upgrade_to_what_is_not_spoken_is_passed_over(strict: Service) -> None:
    """The request is answered as one of HTTP/1.1 (RFC 9110, 7.8)."""
    answer = await said(strict, HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_hundreds_of_idle_connections_delay_nobody(strict: Service) -> None:
    """Those who are there are answered while the others wait for their end."""
    idle = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", strict.port) for _ in range(500)))
    async with strict.client() as client:
        answer = await client.get("/healthz")
    ended = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in idle)), 20)
    for _, writer in idle:
        writer.close()

    assert answer.status_code == 200
    assert set(ended) == {b""}
