"""What is answered before the parser sees it: the same as by the parser, and only what it would have answered so too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import cast

import pytest

from climb.systems.http.answer import Answer, Opening, encode, prepared
from climb.systems.http.connection import Connection
from climb.systems.http.resource import Resource
from climb.systems.http.settings import Limits
from climb.systems.http.shared import Shared

SAID = prepared(Answer(302, b"", b"Location: https://example.org/\r\n"))
PLAIN = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
RESOURCE = Resource(methods=("GET", "HEAD"), answer=lambda _: SAID)


class Client:
    """A transport that keeps what is written, and a connection over it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, at_once: bool) -> None:
        self.written = b""
        self.closed = False
        self.asked: list[bytes] = []

        def answered(target: bytes) -> Answer | None:
            self.asked.append(target)
            return SAID if target == b"/a" else None

        self.shared = Shared(
            loop,
            lambda head: RESOURCE if head.raw_path == b"/a" else None,
            Limits(),
            lambda _work, _then: None,
            at_once=answered if at_once else None,
        )
        self.shared.opening = Opening(clock=lambda: 0.0)
        self.connection = Connection(self.shared, cast("object", None))  # type: ignore[arg-type]
        self.connection.connection_made(cast("asyncio.Transport", self))

    def set_write_buffer_limits(self, high: int) -> None:
        """Nothing is ever left to be written."""

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written += data

    def close(self) -> None:
        """Note the end."""
        self.closed = True

    write_eof = close


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that does not run."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


def _said(loop: asyncio.AbstractEventLoop, pieces: list[bytes], *, at_once: bool) -> tuple[Client, bytes]:
    client = Client(loop, at_once=at_once)
    for piece in pieces:
        client.connection.data_received(piece)
    return client, client.written


@pytest.mark.parametrize(
    "pieces",
    [
        [PLAIN], [PLAIN, PLAIN], [PLAIN + PLAIN], [PLAIN + PLAIN[:9], PLAIN[9:]], [PLAIN[:20], PLAIN[20:], PLAIN], [b"\r\n", PLAIN], [b"\r", b"\n" + PLAIN],
        [PLAIN.replace(b"GET", b"HEAD"), PLAIN], [PLAIN.replace(b"GET", b"POST"), PLAIN], [PLAIN.replace(b"1.1", b"1.0")],
        [PLAIN.replace(b"/a", b"/a?x")], [PLAIN.replace(b"/a", b"/b"), PLAIN], [PLAIN.replace(b"/a", b"/%61")],
        [b"GET  /a HTTP/1.1\r\nHost: h\r\n\r\n"], [b"GET /a HTTP/1.1\nHost: h\r\n\r\n"], [b"GET /a HTTP/1.1\r\n\r\n"], [PLAIN[:-2] + b"x\r\n"],
        [PLAIN[:-1], b"\n"], [PLAIN[:-2] + b"Connection: close\r\n\r\n", PLAIN], [PLAIN[:-2] + b"Content-Length: 2\r\n\r\n", b"ok", PLAIN],
        [PLAIN[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", PLAIN], [PLAIN[:-2] + b"Expect: tea\r\n\r\n", PLAIN],
    ],
)  # fmt: skip
def test_it_makes_no_difference(loop: asyncio.AbstractEventLoop, pieces: list[bytes]) -> None:
    """However requests come, what is written is what would be written without it, also when their fields are known."""
    warm = [PLAIN, *(piece for piece in pieces if piece.endswith(b"\r\n\r\n"))]
    for piece in warm:
        _said(loop, [piece], at_once=False)
    usual, quick = (_said(loop, pieces, at_once=at_once) for at_once in (False, True))

    assert quick[1] == usual[1]
    assert quick[0].closed == usual[0].closed


def test_it_is_asked_for_what_is_plain(loop: asyncio.AbstractEventLoop) -> None:
    """Of requests with fields that were read before, each GET that came alone is asked for; one with a body is not."""
    longer = PLAIN[:-2] + b"Content-Length: 0\r\n\r\n"
    _said(loop, [PLAIN, longer, longer.replace(b": 0", b": 2"), b"ok"], at_once=False)
    client, _ = _said(loop, [PLAIN, longer, longer.replace(b": 0", b": 2"), b"ok", PLAIN + PLAIN], at_once=True)

    assert client.asked == [b"/a", b"/a"]


def test_nothing_is_said_so_while_it_stops(loop: asyncio.AbstractEventLoop) -> None:
    """A server that ends tells its clients that the connection does."""
    _said(loop, [PLAIN], at_once=False)
    client = Client(loop, at_once=True)
    client.shared.stopping = True
    client.connection.data_received(PLAIN)

    assert b"Connection: close" in client.written
    assert client.asked == []


@pytest.mark.parametrize("how", [{}, {"closes": True}, {"bodiless": True}, {"minor": 0}])
def test_prepared_is_the_same(how: dict[str, bool]) -> None:
    """An answer that was encoded once is written as it would be each time."""
    answer = Answer(404, b"no", b"Content-Type: text/plain\r\n")

    assert encode(b"HTTP/1.1 404 x\r\n", prepared(answer), **how) == encode(b"HTTP/1.1 404 x\r\n", answer, **how)  # type: ignore[arg-type]
