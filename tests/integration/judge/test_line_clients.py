"""The TCP client of lines: what it sends, receives, refuses to read, and writes down."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.drivers.service import Instance, Service, accepts
from climb.judge.evidence import Exchange

MakeService = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
async def echo(service: MakeService) -> AsyncIterator[Instance]:
    """A service that answers each line in upper case; ``close``, ``reset`` and ``silence`` are orders."""
    async with (
        service("echoing") as driver,
        driver.started({}, ports=("PORT",), ready=accepts("PORT")) as instance,
    ):
        yield instance


async def test_lines_come_back_with_times(echo: Instance) -> None:
    """Each answer is there once, in order, and knows when it came."""
    client = await echo.connect("PORT")
    await client.send(b"one\ntwo\nthr")
    await client.send(b"ee\n")

    assert [await client.line(), await client.line(), await client.line()] == [b"ONE", b"TWO", b"THREE"]
    assert [line.data for line in client.received] == [b"ONE", b"TWO", b"THREE"]
    assert [line.at for line in client.received] == sorted(line.at for line in client.received)
    assert (client.sent_lines, client.sent_bytes, client.received_bytes) == (3, 14, 14)


async def test_after_half_closing_the_rest_still_comes(echo: Instance) -> None:
    """The end of one direction is not the end of the other."""
    client = await echo.connect("PORT")
    await client.send(b"one\ntwo\n")
    await client.half_close()

    assert await client.rest() == [b"ONE", b"TWO"]
    assert client.closed_by_peer
    assert await client.line() is None


async def test_until_gives_the_lines_up_to_the_one(echo: Instance) -> None:
    """What comes behind it is left for later."""
    client = await echo.connect("PORT")
    await client.send(b"a\nb\nc\n")

    assert await client.until(lambda line: line == b"B", what="the line B") == [b"A", b"B"]
    assert await client.line() == b"C"


async def test_a_line_that_does_not_come_times_out_with_the_transcript(echo: Instance) -> None:
    """The report says what was waited for, and shows what was sent."""
    client = await echo.connect("PORT", name="a patient client")
    await client.send(b"silence\n")

    with pytest.raises(TimedOut) as raised:
        await client.until(lambda _line: True, what="any line", timeout_s=0.2)

    comparison, exchange = raised.value.evidence
    assert raised.value.subject == "a patient client"
    assert getattr(comparison, "expected", "") == "any line"
    assert isinstance(exchange, Exchange)
    assert ("sent", 0, 8, "silence\n") in [(m.direction, m.offset, m.size, m.text) for m in exchange.messages]


@pytest.mark.parametrize(
    ("order", "ending"), [(b"close\n", "the program closed the connection"), (b"reset\n", "the connection was reset")]
)
async def test_an_early_end_is_told_as_it_was(echo: Instance, order: bytes, ending: str) -> None:
    """An end in order and a reset are different things."""
    client = await echo.connect("PORT")
    await client.send(order)

    with pytest.raises(ConnectionLost):
        await client.until(lambda _line: True, what="any line")

    assert client.ended == ending
    assert client.exchange().messages[-1].text == ending


async def test_a_client_that_does_not_read_holds_the_program_up(echo: Instance) -> None:
    """With small buffers on our side the answers fill the way back, and then nothing more is taken; reading frees it."""
    client = await echo.connect("PORT", receive_buffer=4096, send_buffer=4096)
    client.stop_reading()
    line = b"x" * 1023 + b"\n"
    sent = await client.send_some(line * 65536, timeout_s=1)
    assert sent < 65536 * 1024
    assert client.received_bytes == 0
    client.go_on_reading()
    await client.send(line * 16384)

    assert client.received_bytes > 0


async def test_an_aborted_connection_is_reset(echo: Instance) -> None:
    """It ends at once, and the transcript says by whom; others are not touched."""
    client, other = await echo.connect("PORT"), await echo.connect("PORT")
    client.abort()
    await other.send(b"still here\n")

    assert await other.line() == b"STILL HERE"
    assert client.exchange().messages[-1].text == "reset by the judge"


async def test_nobody_listening_is_a_lost_connection(echo: Instance) -> None:
    """A check may expect and catch it."""
    await echo.kill()

    with pytest.raises(ConnectionLost):
        await echo.connect("PORT")


async def test_a_long_transcript_keeps_both_ends(echo: Instance) -> None:
    """The first and the last steps, with how many are missing between them."""
    client = await echo.connect("PORT")
    for number in range(100):
        await client.send(b"%d\n" % number)
        await client.line()

    exchange = client.exchange()
    steps = len(exchange.messages) + exchange.left_out
    assert exchange.messages[1].text == "0\n"
    assert exchange.messages[-1].text == "99\n"
    assert exchange.left_out == steps - 72
    assert exchange.gap == 12
    assert (exchange.sent_bytes, exchange.received_bytes) == (290, 290)
