import asyncio
import http.client
import re

import pytest

from climb.judge.world import Peer, Server
from climb.judge.world.scripts import close_at_once, hold, http_response, page, redirect, say

REQUEST = b"GET / HTTP/1.1\r\nHost: any\r\n\r\n"


async def exchange(server: Server, data: bytes = REQUEST) -> bytes:
    """Everything the server sends after ``data`` until it finishes."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(server.address, server.port)
        try:
            writer.write(data)
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_a_page_is_understood_by_a_real_client(world) -> None:
    """Status, Server header and title arrive at the standard library's client."""
    server = await world.listener(page("Hello", server="nginx/1.27"))

    def get() -> tuple[int, str | None, bytes]:
        connection = http.client.HTTPConnection(server.address, server.port, timeout=5)
        connection.request("GET", "/")
        response = connection.getresponse()
        result = response.status, response.getheader("Server"), response.read()
        connection.close()
        return result

    code, name, body = await asyncio.to_thread(get)
    assert (code, name) == (200, "nginx/1.27")
    assert b"<title>Hello</title>" in body


@pytest.mark.parametrize("chunked", [True, [1], [3, 1000, 7]])
async def test_a_chunked_body_is_whole(world, chunked) -> None:
    """Whatever the sizes of the chunks, a real client reads the same body."""
    body = bytes(range(256)) * 20
    server = await world.listener(http_response(body=body, chunked=chunked))

    def get() -> tuple[str | None, bytes]:
        connection = http.client.HTTPConnection(server.address, server.port, timeout=5)
        connection.request("GET", "/")
        response = connection.getresponse()
        result = response.getheader("Transfer-Encoding"), response.read()
        connection.close()
        return result

    assert await asyncio.to_thread(get) == ("chunked", body)


async def test_a_client_of_http_1_0_gets_no_chunks(world) -> None:
    """It would not understand them, so the length is announced."""
    server = await world.listener(http_response(body=b"plain", chunked=True))

    answer = await exchange(server, b"GET / HTTP/1.0\r\n\r\n")

    assert b"Transfer-Encoding" not in answer
    assert b"Content-Length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\nplain")


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"get / HTTP/1.1\r\nhost: a\r\n\r\n", 405),
        (b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /other HTTP/1.0\r\n\r\n", 404),
        (b"POST / HTTP/1.0\r\n\r\n", 405),
        (b"HELP\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
async def test_requests_are_answered_as_a_real_server_does(world, request_bytes: bytes, expected: int) -> None:
    """Only a right ``GET /`` gets the page; a ClientHello is no request, and its answer does not wait for more."""
    server = await world.listener(page("x"))

    assert status(await exchange(server, request_bytes)) == expected


async def test_head_has_no_body(world) -> None:
    """The headers are those of GET."""
    answer = await exchange(await world.listener(page("x")), b"HEAD / HTTP/1.0\r\n\r\n")

    assert answer.endswith(b"\r\n\r\n")
    assert re.search(rb"Content-Length: [1-9]", answer)


async def test_a_redirect_names_its_target(world) -> None:
    """Location and status are what the author gave."""
    answer = await exchange(await world.listener(redirect("https://example.org/", status=308)))

    assert status(answer) == 308
    assert b"\r\nLocation: https://example.org/\r\n" in answer


async def test_an_odd_status_and_reason_are_sent_as_given(world) -> None:
    """Headers may repeat, and a reason may be empty."""
    script = http_response(299, reason="", headers=[("Server", "a"), ("Server", "b")], body=b"x", version="HTTP/1.0")

    answer = await exchange(await world.listener(script))

    assert answer.startswith(b"HTTP/1.0 299 \r\nServer: a\r\nServer: b\r\n")


async def test_a_response_may_come_in_pieces(world) -> None:
    """Each piece is a segment of its own, so that a client can't rely on one read."""
    server = await world.listener(http_response(body=b"abcdef", pieces=40, pause_s=0.02))
    reader, writer = await asyncio.open_connection(server.address, server.port)
    writer.write(REQUEST)
    reads = []
    while data := await asyncio.wait_for(reader.read(65536), 5):
        reads.append(len(data))
    writer.close()
    await writer.wait_closed()

    assert len(reads) > 1
    assert max(reads) <= 40


async def test_say_speaks_first_and_holds(world) -> None:
    """The banner comes unasked, and the connection stays."""
    server = await world.listener(say(b"220 ready\r\n"))
    reader, writer = await asyncio.open_connection(server.address, server.port)

    assert await asyncio.wait_for(reader.readline(), 5) == b"220 ready\r\n"
    assert server.seen.open_now == 1
    writer.close()
    await writer.wait_closed()


async def test_hold_says_nothing(world) -> None:
    """A client that asks gets no answer, but the question is kept."""
    server = await world.listener(hold())
    reader, writer = await asyncio.open_connection(server.address, server.port)
    writer.write(REQUEST)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.1)
    writer.close()
    await writer.wait_closed()

    assert server.seen.requests == [REQUEST]


async def test_close_at_once_is_an_end_of_file(world) -> None:
    """The client reads nothing."""
    assert await exchange(await world.listener(close_at_once()), b"") == b""


async def test_bytes_after_the_blank_line_stay_for_the_next_read(world) -> None:
    """A script can read a request and then its body, however they arrived."""

    async def echo_body(peer: Peer) -> None:
        head = await peer.read_request()
        await peer.send(str(len(head)).encode() + b":" + await peer.receive(4))

    answer = await exchange(await world.listener(echo_body), b"POST / HTTP/1.0\r\n\r\nbody and more")

    assert answer == b"19:body"


async def test_a_client_that_finishes_sending_still_gets_its_answer(world) -> None:
    """A half-closed connection is answered, as by real servers."""

    async def slow_answer(peer: Peer) -> None:
        await peer.hold()
        await peer.wait(0.05)
        await peer.send(b"late")

    server = await world.listener(slow_answer)
    reader, writer = await asyncio.open_connection(server.address, server.port)
    writer.write(b"x")
    writer.write_eof()

    assert await asyncio.wait_for(reader.read(), 5) == b"late"
    writer.close()
    await writer.wait_closed()
