"""Load over TCP lines: all of it arrives, at the rate that was asked for, and what came back is known with its time."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from climb.judge.drivers.service import Instance, Service, accepts

MakeService = Callable[..., AbstractAsyncContextManager[Service]]
LINE = b"x" * 99 + b"\n"


@pytest.fixture
async def echo(service: MakeService) -> AsyncIterator[Instance]:
    """A service that answers each line in upper case; ``close``, ``reset`` and ``silence`` are orders."""
    async with (
        service("echoing") as driver,
        driver.started({}, ports=("PORT",), ready=accepts("PORT")) as instance,
    ):
        yield instance


async def test_all_of_it_is_sent_and_answered(echo: Instance) -> None:
    """Each block over a connection of its own; the result counts bytes and lines, and holds the answers."""
    async with echo.load("PORT", [LINE * 1000, LINE * 500, b""]) as load:
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    assert [(c.sent_bytes, c.sent_lines, c.ended) for c in loaded.connections] == [
        (100_000, 1000, "done"),
        (50_000, 500, "done"),
        (0, 0, "done"),
    ]
    assert loaded.connections[0].answers == LINE.upper() * 1000
    assert loaded.sent_lines == 1500
    assert loaded.progress[-1].sent == loaded.progress[-1].received == 150_000


async def test_answers_have_times(echo: Instance) -> None:
    """Each line is there with the moment at which it was whole, between the start and the end."""
    async with echo.load("PORT", [b"".join(b"%d\n" % number for number in range(5000))]) as load:
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    lines = loaded.connections[0].lines()
    times = [at for at, _ in lines]
    assert [line for _, line in lines] == [b"%d" % number for number in range(5000)]
    assert times == sorted(times)
    assert loaded.started <= times[0] <= times[-1] <= loaded.ended


async def test_a_rate_is_kept_by_the_clock(echo: Instance) -> None:
    """No byte is sent before it is due."""
    rate = 100_000.0

    async with echo.load("PORT", [LINE * 500], bytes_per_s=rate) as load:
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    assert loaded.seconds >= 0.49
    for sample in loaded.progress[:-1]:
        assert sample.sent <= (sample.at - loaded.started) * rate + 1


async def test_a_moment_in_the_middle_can_be_waited_for(echo: Instance) -> None:
    """So that a check can kill a program under load; what was sent by then is known afterwards."""
    async with echo.load("PORT", [LINE * 5000], bytes_per_s=500_000) as load:
        assert await load.reached(50_000, timeout_s=60)
        await echo.kill()
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    (connection,) = loaded.connections
    assert 50_000 <= connection.sent_bytes < 500_000
    assert connection.ended in ("closed", "reset")


async def test_it_can_be_stopped(echo: Instance) -> None:
    """What came of it so far is the result."""
    async with echo.load("PORT", [LINE * 10_000], bytes_per_s=10_000) as load:
        await load.reached(1, timeout_s=60)
        loaded = await load.stop()

    assert loaded.connections[0].ended == "stopped"
    assert 0 < loaded.sent_bytes < 1_000_000


async def test_a_program_that_does_not_read_stops_it(echo: Instance) -> None:
    """Without a rate the sockets decide: paused, it takes what the buffers hold, and no more."""
    echo.pause()
    async with echo.load("PORT", [LINE * 1_000_000]) as load:
        assert await load.finished(timeout_s=1) is None
        loaded = await load.stop()
    echo.resume()

    assert loaded.sent_bytes < 100_000_000


async def test_nobody_listening_is_no_load(echo: Instance) -> None:
    """The result says why."""
    await echo.kill()

    async with echo.load("PORT", [LINE]) as load:
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    assert loaded.connections[0].ended == "connection refused"
