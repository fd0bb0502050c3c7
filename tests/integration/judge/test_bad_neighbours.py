"""Bad neighbours on a service: they are there while the block lasts, behave as they are named, and what became of them is counted."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from climb.judge.choices import Choices
from climb.judge.drivers.service import Instance, Service, accepts
from climb.judge.load import HttpLoaded, HttpPlan, HttpRequest
from climb.judge.load.neighbours import (
    NEIGHBOURS,
    Count,
    Flooding,
    HalfClosing,
    IdleCrowd,
    Neighbour,
    NeverReading,
    SlowBody,
    SlowHead,
)

MakeService = Callable[..., AbstractAsyncContextManager[Service]]
REQUEST = HttpRequest(data=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", name="/")
LONG_MS = "600000"


async def within(seconds: float, ready: Callable[[], bool]) -> bool:
    """Whether ``ready`` becomes true in this time."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


def started(driver: Service, **env: str) -> AbstractAsyncContextManager[Instance]:
    return driver.started({"HEAD_MS": LONG_MS, "STALL_MS": LONG_MS} | env, ports=("PORT",), ready=accepts("PORT"))


@pytest.fixture
async def patient(service: MakeService) -> AsyncIterator[Instance]:
    """A service that waits for everybody."""
    async with service("limiting") as driver, started(driver) as instance:
        yield instance


async def loaded_beside(instance: Instance, *kinds: Neighbour) -> HttpLoaded:
    """A little load, while they are there."""
    plan = HttpPlan(requests=(REQUEST,), seconds=0.5, rate_per_s=50, connections=2, patience_s=1.0)
    async with instance.neighbours("PORT", kinds), instance.http_load("PORT", plan) as load:
        loaded = await load.finished(timeout_s=60)
    assert loaded is not None
    return loaded


@pytest.mark.parametrize(
    "kind",
    [SlowHead(connections=5, every_ms=10), SlowBody(connections=5, every_ms=10), IdleCrowd(connections=200)],
    ids=lambda kind: kind.name,
)
async def test_they_stay_as_long_as_they_may(patient: Instance, kind: Neighbour) -> None:
    """Where nobody ends them, all that they have is open, and others are served."""
    async with patient.neighbours("PORT", [kind]) as crowd:
        loaded = await loaded_beside(patient)
        (count,) = crowd.counts
        there = (count.connected, count.open, count.ended, count.refused)

    assert there == (kind.connections, kind.connections, [], {})
    assert loaded.answered == loaded.sent


async def test_who_is_slow_keeps_sending(service: MakeService) -> None:
    """A byte now and then, until the program has had enough: its answer, and after how long, is counted. Then they come back."""
    async with service("limiting") as driver, started(driver, HEAD_MS="300") as instance:
        slow = [SlowHead(connections=3, every_ms=20)]
        async with instance.neighbours("PORT", slow) as crowd:
            (count,) = crowd.counts
            assert await within(30, lambda: len(count.ended) > 3)

    assert count.connected > 3
    assert set(count.statuses) == {408}
    assert max(each.after_s for each in count.ended) >= 0.25  # a client that was not run for a while counts less
    assert count.sent_bytes > 3 * len("GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nX-Slow: ")


async def test_who_need_not_return_stays_away(service: MakeService) -> None:
    """Each is ended once."""
    async with service("limiting") as driver, started(driver, HEAD_MS="100") as instance:
        idle = [IdleCrowd(connections=5, returns=False)]
        async with instance.neighbours("PORT", idle) as crowd:
            (count,) = crowd.counts
            assert await within(30, lambda: len(count.ended) == 5)

    assert count.connected == 5


async def test_half_a_request_is_followed_by_nothing(patient: Instance) -> None:
    """The program sees the end, and ends its side."""
    async with patient.neighbours("PORT", [HalfClosing(connections=2, sent_bytes=10, returns=False)]) as crowd:
        (count,) = crowd.counts
        assert await within(30, lambda: len(count.ended) == 2)

    assert [each.how for each in count.ended] == ["closed", "closed"]
    assert count.sent_bytes == 20


async def test_who_does_not_read_notices_being_let_go(service: MakeService) -> None:
    """Although the end of the connection can't be read."""
    async with service("limiting") as driver, started(driver, STALL_MS="200") as instance:
        asked = [NeverReading(connections=2, target="/large", returns=False)]
        async with instance.neighbours("PORT", asked) as crowd:
            (count,) = crowd.counts
            assert await within(30, lambda: len(count.ended) == 2)

    assert count.received_bytes == 0
    assert min(each.after_s for each in count.ended) >= 0.15


async def test_who_does_not_read_stays_where_it_may(patient: Instance) -> None:
    """A program that waits for it has not let it go."""
    async with patient.neighbours("PORT", [NeverReading(connections=2, target="/large")]) as crowd:
        await loaded_beside(patient)
        (count,) = crowd.counts
        ended = list(count.ended)

    assert ended == []


async def test_a_flood_is_as_fast_as_it_is_taken(patient: Instance) -> None:
    """Far more than a load at a rate, from a process of its own."""
    async with patient.neighbours("PORT", [Flooding(connections=2)]) as crowd:
        loaded = await loaded_beside(patient)
    (count,) = crowd.counts

    assert count.connected == 2
    assert count.received_bytes > 100 * loaded.sent
    assert count.sent_bytes > count.connected * 16_000


async def test_nobody_listening_refuses_them(patient: Instance) -> None:
    """Each attempt is counted, with the reason."""
    await patient.kill()
    async with patient.neighbours("PORT", [IdleCrowd(connections=3, returns=False), Flooding(connections=1)]) as crowd:
        idle = dict(crowd.counts[0].refused)
    flood = crowd.counts[1]

    assert idle == {"connection refused": 3}
    assert set(flood.refused) == {"connection refused"}


async def test_what_they_do_to_others_is_seen(service: MakeService) -> None:
    """A program that serves one connection at a time answers nobody beside a crowd that is idle."""
    async with service("one_at_a_time") as driver, started(driver) as instance:
        alone = await loaded_beside(instance)
        beside = await loaded_beside(instance, IdleCrowd(connections=3))

    assert alone.answered > 0
    assert beside.answered == 0
    assert beside.unanswered + beside.unsent > 0


async def test_each_kind_can_be_drawn_and_kept(patient: Instance) -> None:
    """All of them together, from a seed, and the table has a row for each."""
    draw = Choices("41c2")
    kinds = [kind.drawn(draw, "/") for kind in NEIGHBOURS.values()]
    async with patient.neighbours("PORT", kinds) as crowd:
        counts: tuple[Count, ...] = crowd.counts
        table = crowd.table()

    assert [count.name for count in counts] == list(NEIGHBOURS)
    assert [row[0] for row in table.rows] == [kind.label for kind in kinds]
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert all(count.connected >= kind.connections for count, kind in zip(counts, kinds, strict=True))
