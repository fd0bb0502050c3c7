"""An empty database of a cache server that belongs to others, for as long as a block lasts."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from climb.errors import SetupError
from climb.judge.dependencies.places import moved
from climb.judge.dependencies.resp import Refused, Teller

__all__ = ["free_number"]

_NUMBERS = range(1, 16)  # of the sixteen that a server has unless it was told otherwise; 0 is what others use
_taken: set[tuple[str, int]] = set()


@contextlib.asynccontextmanager
async def free_number(address: str) -> AsyncIterator[str]:
    """The address of an empty one. Raises SetupError if there is none; what belongs to others is never thrown away."""
    number = await _empty_one(address)
    try:
        yield moved(address, path=str(number))
    finally:
        _taken.discard((address, number))
        with contextlib.suppress(SetupError, Refused):
            async with Teller(moved(address, path=str(number)), Counter()) as teller:
                await teller.ask("FLUSHDB")


async def _empty_one(address: str) -> int:
    for number in _NUMBERS:
        if (address, number) in _taken:
            continue
        _taken.add((address, number))
        try:
            async with Teller(moved(address, path=str(number)), Counter()) as teller:
                if await teller.ask("DBSIZE") == 0:
                    return number
        except Refused as error:
            _taken.discard((address, number))
            raise SetupError(f"the cache that CACHE_URL names refuses the judge: {error}") from error
        _taken.discard((address, number))
    raise SetupError(
        "none of the databases 1 to 15 of the cache that CACHE_URL names is empty",
        next_step="unset CACHE_URL; the judge starts a server of its own",
    )
