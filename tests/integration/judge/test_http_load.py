"""Load over HTTP: every request is sent, counted and told, with the time that it took from when it should have left."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from climb.judge.drivers.service import Instance, Service, accepts
from climb.judge.load import Arrivals, HttpLoaded, HttpPlan, HttpRequest

MakeService = Callable[..., AbstractAsyncContextManager[Service]]
STALL_MS = 300


def request(path: str, method: str = "GET") -> HttpRequest:
    return HttpRequest(data=f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), name=path, method=method)


def plan(*paths: str, seconds: float = 0.5, rate_per_s: float | None = 200, connections: int = 4) -> HttpPlan:
    return HttpPlan(
        requests=tuple(map(request, paths or ("/ok",))),
        seconds=seconds,
        rate_per_s=rate_per_s,
        connections=connections,
        arrivals=Arrivals.EVEN,
        slice_s=0.1,
        patience_s=1.0,
    )


async def result(instance: Instance, asked: HttpPlan) -> HttpLoaded:
    async with instance.http_load("PORT", asked) as load:
        loaded = await load.finished(timeout_s=60)
    assert loaded is not None
    return loaded


def started(driver: Service, **env: str) -> AbstractAsyncContextManager[Instance]:
    return driver.started(env, ports=("PORT",), ready=accepts("PORT"))


async def test_all_that_is_due_is_sent_and_answered(service: MakeService) -> None:
    """As many as the rate says; each is counted by request, by status, in the histogram and in its slice."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan("/ok", "/missing"))

    counts = {each.name: each.by_status for each in loaded.answers}
    assert loaded.sent == loaded.answered == loaded.latencies.count == 100
    assert list(counts["/ok"]) == [200]
    assert list(counts["/missing"]) == [404]
    assert sum(each.latencies.count for each in loaded.slices) == 100
    assert loaded.progress[-1].sent == loaded.progress[-1].received == 100
    assert (loaded.errors, loaded.unanswered, loaded.unsent) == ({}, 0, 0)


async def test_a_rate_is_kept_by_the_clock(service: MakeService) -> None:
    """No request is sent before it is due."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan(rate_per_s=1000))

    assert loaded.sent == 500
    for sample in loaded.progress[:-1]:
        assert sample.sent <= (sample.at - loaded.started) * 1000 + 1


async def test_a_stall_is_seen_by_all_who_should_have_been_served(service: MakeService) -> None:
    """At a rate, requests that were due while the program stood still count from then; as fast as answered, one of many was hit.

    Of even arrivals more than one in a hundred are due in the first half of a stall.
    """
    async with service("answers") as driver, started(driver, STALL_MS=str(STALL_MS)) as instance:
        open_loop = await result(instance, plan(seconds=2.5, rate_per_s=400, connections=2))
        closed_loop = await result(instance, plan(seconds=2.5, rate_per_s=None, connections=2))

    assert open_loop.latencies.percentile_ms(99) > STALL_MS / 2 > closed_loop.latencies.percentile_ms(99)
    assert open_loop.slowest[0].latency_ms == open_loop.latencies.max_ms > STALL_MS * 0.9
    assert max(each.latencies.max_ms for each in open_loop.slices) == open_loop.latencies.max_ms


async def test_without_a_rate_each_answer_is_followed_by_a_request(service: MakeService) -> None:
    """Up to the end of its time; the last ones are still answered."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan(rate_per_s=None))

    assert loaded.sent == loaded.answered > 4
    assert loaded.connects == 4
    assert loaded.lateness.count == 0


@pytest.mark.parametrize(
    ("way", "stays"),
    [("/chunks", True), ("/pieces", True), ("/interim", True), ("/close", False), ("/until-close", False)],
)
async def test_an_answer_ends_where_it_says(service: MakeService, way: str, stays: bool) -> None:
    """By chunks, in pieces, behind an interim one, or with its connection, which then is replaced."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan(way))

    assert loaded.by_status == {200: 100}
    assert loaded.errors == {}
    assert (loaded.connects == 4) is stays


async def test_an_answer_to_head_has_no_body(service: MakeService) -> None:
    """Whatever length it names."""
    asked = HttpPlan(requests=(request("/ok", "HEAD"),), seconds=0.5, rate_per_s=200, connections=2)
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, asked)

    assert loaded.by_status == {200: loaded.sent}
    assert loaded.connects == 2


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("/cut", "closed without a whole answer"),
        ("/twice", "more answers than requests"),
        ("/garbage", "what came is no answer"),
    ],
)
async def test_what_is_no_answer_is_told(service: MakeService, way: str, told: str) -> None:
    """None of them counts as answered, and the load goes on with other connections."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan(way, "/ok"))

    assert set(loaded.errors) == {told}
    assert loaded.failed + loaded.answered == loaded.sent == 100
    assert loaded.answers[0].by_status == {}


async def test_a_connection_that_ends_between_requests_is_replaced(service: MakeService) -> None:
    """Only requests that were under way are lost."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan("/leave", rate_per_s=20))

    assert loaded.sent == loaded.answered + loaded.failed == 10
    assert loaded.connects > 4


async def test_requests_without_an_answer_count_as_long_as_they_waited(service: MakeService) -> None:
    """Those on a connection and those that never got one: leaving them out would make a program that hangs look fast."""
    async with service("answers") as driver, started(driver) as instance:
        loaded = await result(instance, plan("/never", connections=3))

    assert (loaded.answered, loaded.unanswered, loaded.unsent) == (0, 3, 97)
    assert loaded.latencies.count == 100
    assert loaded.latencies.least_ns >= 1e9  # the patience
    assert loaded.slowest[0].status == 0


async def test_a_program_that_dies_is_seen_and_waited_for(service: MakeService) -> None:
    """A moment in the middle can be waited for; what was under way is lost, and what is due later waits."""
    asked = plan(seconds=1.0)
    async with (
        service("answers") as driver,
        started(driver) as instance,
        instance.http_load("PORT", asked) as load,
    ):
        assert await load.reached(50, timeout_s=60)
        await instance.kill()
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    assert 50 <= loaded.answered + loaded.failed + loaded.unanswered < 200
    assert loaded.sent + loaded.unsent == 200
    assert "connection refused" in loaded.connects_failed


async def test_nobody_listening_is_no_load(service: MakeService) -> None:
    """The result says why."""
    async with service("answers") as driver, started(driver) as instance:
        await instance.kill()
        loaded = await result(instance, plan())

    assert (loaded.sent, loaded.unsent, loaded.connects) == (0, 100, 0)
    assert set(loaded.connects_failed) == {"connection refused"}


async def test_it_can_be_stopped(service: MakeService) -> None:
    """What came of it so far is the result."""
    asked = plan(seconds=600)
    async with (
        service("answers") as driver,
        started(driver) as instance,
        instance.http_load("PORT", asked) as load,
    ):
        assert await load.reached(10, timeout_s=60)
        loaded = await load.stop()

    assert 10 <= loaded.sent + loaded.unsent < 600 * 200


async def test_a_judge_that_is_late_says_so(service: MakeService) -> None:
    """A sending process that got no processor for a while must not be read as a slow program."""
    asked = plan(seconds=1.5)
    async with (
        service("answers") as driver,
        started(driver) as instance,
        instance.http_load("PORT", asked) as load,
    ):
        assert await load.reached(20, timeout_s=60)
        os.kill(load.pid, signal.SIGSTOP)
        await asyncio.sleep(0.5)
        os.kill(load.pid, signal.SIGCONT)
        loaded = await load.finished(timeout_s=60)

    assert loaded is not None
    assert loaded.late_sends > loaded.sent / 10
    assert loaded.lateness.max_ms > 400
    assert "because the judge found no processor" in loaded.doubt
