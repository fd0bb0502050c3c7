"""Several things at once, none of which is left running when one of them fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

__all__ = ["in_background", "together"]


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it; raises what the first that failed has raised, as it is."""
    async with _gone_at_the_end(*work) as tasks:
        await asyncio.gather(*tasks)


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
