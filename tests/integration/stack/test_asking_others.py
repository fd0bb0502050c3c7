"""Requests of a service to another one: each answer or its absence is told in time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from climb.stack.away import Away
from climb.stack.http.asking import ask

Serve = Callable[[bytes], Awaitable[str]]


@pytest.fixture
async def serving() -> AsyncIterator[Serve]:
    """Answers each connection with those bytes, and keeps it open unless they are to be followed by the end."""
    servers = []

    async def serve(answer: bytes, *, end: bool = False) -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serve.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
            if not end:
                await reader.read()
            writer.close()

        servers.append(await asyncio.start_server(handle, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}/keys?a=b"

    serve.requests = []
    yield serve
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    ],
)
async def test_an_answer_is_read(serving: Serve, answer: bytes) -> None:
    """Its end is known without the connection's."""
    found = await ask("GET", await serving(answer))

    assert (found.status, found.body, found.fields["x-a"]) == (200, b"hello", "b")
    assert serving.requests[0].startswith(b"GET /keys?a=b HTTP/1.1\r\nHost: 127.0.0.1:")


async def test_an_answer_without_a_body_is_read(serving: Serve) -> None:
    """204 ends with its head."""
    found = await ask("POST", await serving(b"HTTP/1.1 204 No Content\r\n\r\n"), body=b"{}")

    assert (found.status, found.body) == (204, b"")
    assert b"Content-Length: 2\r\n" in serving.requests[0]


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (b"", False),
        (b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", False),
        (b"no HTTP\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, False),
    ],
)
async def test_what_is_no_answer_is_away(serving: Serve, answer: bytes, end: bool) -> None:
    """Nothing, the half of one, something else, or more than was asked for."""
    url = await serving(answer, end=end)
    with pytest.raises(Away, match="keys"):
        await ask("GET", url, within_s=0.3, most_bytes=1000, part="keys")


async def test_nobody_there_is_away() -> None:
    """A port that refuses."""
    with pytest.raises(Away, match="mail"):
        await ask("POST", "http://127.0.0.1:1/", part="mail")
