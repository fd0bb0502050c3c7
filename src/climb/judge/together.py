"""Several things at once in a check, none of which is left running behind them.

A report tells one failure. Where each thing that goes on would fail by itself, which of them is first in time is up to the machine, and a report should not
be: then all of them go on to their end. Where the first failure makes the others pointless, they are given up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Coroutine
from typing import Any

__all__ = ["all_to_the_end", "done_meanwhile", "given_up", "in_background", "together"]


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it. If something fails, the rest is given up, and what it has raised is raised, as it is."""
    async with _gone_at_the_end(*work) as tasks:
        await asyncio.gather(*tasks)


async def all_to_the_end(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it to its end, whatever fails; raises what the first that failed, in this order, has raised, as it is."""
    async with _gone_at_the_end(*work) as tasks:
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, BaseException):
                raise end


@contextlib.asynccontextmanager
async def done_meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """It goes on while the block does; behind the block it is waited for, and raises what it has raised."""
    async with _gone_at_the_end(*work) as tasks:
        yield
        await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def in_background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """It goes on while the block does, and is ended with it; nobody asks what became of it."""
    async with _gone_at_the_end(*work):
        yield


async def given_up(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel those of them that go on, and wait until all have ended; nobody asks what became of them."""
    tasks = list(tasks)  # some sets of tasks lose those that end
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def _gone_at_the_end(*work: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield tasks
    finally:
        await given_up(tasks)
