"""The search for the smallest failing draws."""

import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings, strategies as st

from climb.judge.choices import Choices
from climb.judge.shrink import Draws, Shrunk, shrink

DRAWS = st.lists(st.integers(0, 300), max_size=12).map(tuple)


def size(draws: Draws) -> tuple[int, Draws]:
    return len(draws), draws


async def smallest(start: Draws, rule: Callable[[Draws], bool], seconds: float = 30) -> Shrunk:
    async def still_fails(draws: Draws) -> Draws | None:
        return draws if rule(draws) else None

    return await shrink(start, still_fails, seconds=seconds)


@given(start=DRAWS, limit=st.integers(1, 300))
@settings(deadline=None)
async def test_the_result_still_fails_and_is_never_larger(start: Draws, limit: int) -> None:
    """From any failing draws the search ends with draws that fail and are no larger."""
    found = await smallest(start, lambda draws: sum(draws) % limit == sum(start) % limit)

    assert sum(found.best) % limit == sum(start) % limit
    assert size(found.best) <= size(start)
    assert found.complete


@given(start=DRAWS.filter(any), data=st.data())
@settings(deadline=None)
async def test_one_large_draw_is_found_alone_and_at_its_limit(start: Draws, data: st.DataObject) -> None:
    """If any draw of at least N fails, the smallest input is N alone."""
    limit = data.draw(st.integers(1, max(start)))

    found = await smallest(start, lambda draws: any(draw >= limit for draw in draws))

    assert found.best == (limit,)


@given(start=DRAWS, count=st.integers(0, 12))
@settings(deadline=None)
async def test_if_only_the_number_of_draws_counts_the_rest_is_zero(start: Draws, count: int) -> None:
    """If any N draws fail, the smallest input is N zeros."""
    count = min(count, len(start))

    found = await smallest(start, lambda draws: len(draws) >= count)

    assert found.best == (0,) * count


async def test_a_count_and_its_members_go_together() -> None:
    """A count and one of the draws that it counts are left out in one move."""

    def is_list_with_large_member(draws: Draws) -> bool:
        return len(draws) == 1 + draws[0] and any(draw >= 7 for draw in draws[1:]) if draws else False

    found = await smallest((4, 9, 1, 2, 8), is_list_with_large_member)

    assert found.best == (1, 7)


async def test_the_draws_that_the_check_made_count() -> None:
    """What the check really drew, shorter than what was tried, is taken over."""

    async def still_fails(draws: Draws) -> Draws | None:
        return draws[:2] if len(draws) >= 2 else None

    found = await shrink((5, 6, 7, 8), still_fails, seconds=30)

    assert found.best == (0, 0)


async def test_no_input_is_tried_twice() -> None:
    """The program is run once for each input."""
    tried: list[Draws] = []

    async def still_fails(draws: Draws) -> Draws | None:
        tried.append(draws)
        return draws if sum(draws) >= 10 else None

    found = await shrink((9, 3, 8, 2), still_fails, seconds=30)

    assert len(tried) == len(set(tried)) == found.tried
    assert (9, 3, 8, 2) not in tried


async def test_the_search_ends_when_its_time_is_up() -> None:
    """With no time nothing is tried, the start is the best, and it is not called minimal."""
    start = (200, 200, 200)

    found = await smallest(start, lambda _: True, seconds=0)

    assert found.best == start
    assert not found.complete


async def test_the_deadline_holds_during_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the time is up no further input is tried."""
    clock = iter(range(10_000))
    monkeypatch.setattr("climb.judge.shrink.time.monotonic", lambda: float(next(clock)))

    found = await smallest(tuple(range(100, 160)), lambda draws: len(draws) >= 50, seconds=20)

    assert 0 < found.tried <= 20
    assert not found.complete


async def test_the_search_reports_the_smallest_so_far() -> None:
    """After the last input on_try has told how many were tried, and the best."""
    told: list[tuple[int, Draws]] = []

    async def still_fails(draws: Draws) -> Draws | None:
        return draws if len(draws) >= 1 else None

    found = await shrink((3, 4), still_fails, seconds=30, on_try=lambda tried, best: told.append((tried, best)))

    assert told[-1] == (found.tried, found.best)
    assert [tried for tried, _ in told] == list(range(1, found.tried + 1))


async def test_a_long_failing_input_is_shrunk_in_few_runs() -> None:
    """Forty draws of which one matters need a few hundred runs at most: each costs a start of the program."""
    started = time.monotonic()

    found = await smallest((*range(20, 40), 777, *range(20, 40)), lambda draws: any(draw >= 500 for draw in draws))

    assert found.best == (500,)
    assert found.tried < 300
    assert time.monotonic() - started < 10


def scenario(draw: Choices) -> tuple[list[list[int]], list[int]]:
    """Clients with operations, then faults: what a check of a service draws."""
    clients = draw.some(lambda: draw.some(lambda: draw.integer(1, 200), at_most=30, usually=8), at_most=6, at_least=1)
    return clients, draw.some(lambda: draw.below(4), at_most=4)


@given(seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=25)
async def test_elements_of_lists_go_first(seed: int) -> None:
    """Of dozens of clients, operations and faults those that matter are left after forty runs, and in the end nothing else."""
    start = Choices(str(seed))
    clients, faults = scenario(start)
    assume(any(size >= 17 for client in clients for size in client) and 3 in faults)
    known = {tuple(start.drawn): start.lists}
    elements: list[int] = []

    async def still_fails(draws: Draws) -> Draws | None:
        draw = Choices("replayed", forced=draws)
        clients, faults = scenario(draw)
        known[tuple(draw.drawn)] = draw.lists
        return tuple(draw.drawn) if 3 in faults and any(size >= 17 for one in clients for size in one) else None

    def count(_tried: int, best: Draws) -> None:
        clients, faults = scenario(Choices("counted", forced=best))
        elements.append(sum(map(len, clients)) + len(clients) + len(faults))

    found = await shrink(start.drawn, still_fails, seconds=30, on_try=count, lists=lambda draws: known.get(draws, ()))

    assert scenario(Choices("found", forced=found.best)) == ([[17]], [3])
    assert elements[min(40, len(elements) - 1)] <= 5
