"""What becomes of several things at once when one of them fails."""

from __future__ import annotations

import asyncio

import pytest

from climb.judge.together import all_to_the_end, done_meanwhile, in_background, together


class Work:
    """What was begun, done and given up."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.given_up: list[str] = []

    async def fails(self, name: str, turns: int = 0) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise ValueError(name)

    async def ends(self, name: str, turns: int = 0) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        self.done.append(name)

    async def never_ends(self, name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.append(name)


def test_together_gives_up_the_rest_when_one_fails() -> None:
    """Its failure is raised as it is, not within a group."""
    work = Work()

    with pytest.raises(ValueError, match="it"):
        asyncio.run(together(work.never_ends("other"), work.fails("it", turns=3)))

    assert work.given_up == ["other"]


def test_all_to_the_end_raises_the_first_in_order_and_not_in_time() -> None:
    """So a report is the same in each run. What does not fail is done."""
    work = Work()

    with pytest.raises(ValueError, match="first"):
        asyncio.run(all_to_the_end(work.fails("first", turns=9), work.fails("second"), work.ends("third", turns=20)))

    assert work.done == ["third"]


def test_in_background_ends_with_the_block() -> None:
    """What it would have raised is nobody's concern."""
    work = Work()

    async def block() -> None:
        async with in_background(work.never_ends("it"), work.fails("another")):
            await asyncio.sleep(0)

    asyncio.run(block())

    assert work.given_up == ["it"]


def test_done_meanwhile_is_waited_for() -> None:
    """Behind the block all of it is done, or its failure is raised."""
    work = Work()

    async def block(*names: str) -> None:
        async with done_meanwhile(work.ends("it", turns=5), *(work.fails(name) for name in names)):
            pass

    asyncio.run(block())
    with pytest.raises(ValueError, match="another"):
        asyncio.run(block("another"))

    assert work.done == ["it"]


def test_a_block_that_fails_leaves_nothing_running() -> None:
    """What goes on beside it is given up then, whichever kind it is."""
    work = Work()

    async def block() -> None:
        async with in_background(work.never_ends("one")), done_meanwhile(work.never_ends("two")):
            await asyncio.sleep(0)
            raise ValueError("the block")

    with pytest.raises(ValueError, match="the block"):
        asyncio.run(block())

    assert sorted(work.given_up) == ["one", "two"]
