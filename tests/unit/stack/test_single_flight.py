"""Single flight: one fetches for all who ask at the same moment."""

import asyncio

import pytest

from climb.stack.cache.single_flight import SingleFlight


class Source:
    """Brings numbered values when it is let go, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()

    async def fetch(self) -> int:
        self.asked += 1
        number = self.asked
        await self.go.wait()
        return number


async def test_all_who_ask_at_a_moment_get_what_one_fetched() -> None:
    """A hundred callers, one fetch."""
    source, flights = Source(), SingleFlight[str, int]()
    callers = [asyncio.create_task(flights.get("a", source.fetch)) for _ in range(100)]
    await asyncio.sleep(0)
    source.go.set()
    found = await asyncio.gather(*callers)

    assert found == [1] * 100
    assert source.asked == 1


async def test_other_keys_are_other_flights() -> None:
    """What is wanted under one key is not answered with another's."""
    source, flights = Source(), SingleFlight[str, int]()
    source.go.set()

    assert [await flights.get("a", source.fetch), await flights.get("b", source.fetch)] == [1, 2]


async def test_later_callers_begin_anew() -> None:
    """A flight that has landed is not joined any more."""
    source, flights = Source(), SingleFlight[str, int]()
    source.go.set()
    await flights.get("a", source.fetch)

    assert await flights.get("a", source.fetch) == 2


async def test_who_began_may_leave() -> None:
    """The others still get their value."""
    source, flights = Source(), SingleFlight[str, int]()
    first, second = (asyncio.create_task(flights.get("a", source.fetch)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    source.go.set()

    assert await second == 1
    assert first.cancelled()


async def test_an_error_is_told_to_all_and_not_kept() -> None:
    """The next caller tries again."""
    flights = SingleFlight[str, int]()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError

    async def work() -> int:
        return 7

    results = await asyncio.gather(*(flights.get("a", fail) for _ in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [LookupError] * 3
    assert await flights.get("a", work) == 7


async def test_a_parted_flight_is_not_joined() -> None:
    """Who asks after a change does not get what was fetched before it."""
    source, flights = Source(), SingleFlight[str, int]()
    before = asyncio.create_task(flights.get("a", source.fetch))
    await asyncio.sleep(0)
    flights.part("a")
    after = asyncio.create_task(flights.get("a", source.fetch))
    await asyncio.sleep(0)
    source.go.set()

    assert [await before, await after] == [1, 2]


async def test_a_parted_flight_knows_that_it_carries_nobody() -> None:
    """So it does not put what is outdated where others find it."""
    flights, carried, go = SingleFlight[str, bool](), [], asyncio.Event()

    async def fetch() -> bool:
        carried.append(flights.carries("a"))
        await go.wait()
        return flights.carries("a")

    flight = asyncio.create_task(flights.get("a", fetch))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    flights.part("a")
    go.set()

    assert await flight is False
    assert carried == [True]


@pytest.mark.parametrize("number", range(3))
async def test_nothing_is_left_under_way(number: int) -> None:
    """Landed flights take no memory."""
    source, flights = Source(), SingleFlight[int, int]()
    source.go.set()
    await flights.get(number, source.fetch)
    await asyncio.sleep(0)

    assert not flights._under_way
