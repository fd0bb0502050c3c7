"""Several things at once, none of which is left running behind them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

__all__ = ["in_background", "together"]


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it to its end; raises what the first that failed, in this order, has raised, as it is.

    The order in time is up to the machine, and a report should not be.
    """
    async with _gone_at_the_end(*work) as tasks:
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, BaseException):
                raise end


@contextlib.asynccontextmanager
async def in_background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """It goes on while the block does, and is ended with it."""
    async with _gone_at_the_end(*work):
        yield


@contextlib.asynccontextmanager
async def _gone_at_the_end(*work: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
