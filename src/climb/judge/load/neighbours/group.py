"""Several bad neighbours at once, kept for as long as a block lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from climb.errors import SetupError
from climb.judge.evidence import Table
from climb.judge.load.neighbours.count import Count
from climb.judge.load.neighbours.neighbour import Neighbour
from climb.judge.world.ports import room_above

__all__ = ["Neighbours"]

_BEGIN_S = 30.0
_FILES = 256  # that the judge itself may have open
_COLUMNS = ("neighbour", "connected", "refused", "ended by the program", "open")


class Neighbours:
    """Use it as a block: inside, all of them are there; behind it, none is. ``counts`` says what became of each.

        async with instance.neighbours("PORT", [SlowHead(connections=50)]) as crowd:
            ...

    They are in the judge's process, where they do little, but for those that are fast.
    """

    def __init__(self, address: tuple[str, int], kinds: Sequence[Neighbour]) -> None:
        self.counts = tuple(Count(kind.name, kind.label) for kind in kinds)
        self._address = address
        self._kinds = tuple(kinds)

    def __repr__(self) -> str:
        return f"Neighbours({', '.join(count.label for count in self.counts)})"

    async def __aenter__(self) -> Self:
        """Each connection was tried once."""
        wanted = sum(kind.connections for kind in self._kinds)
        if not room_above(wanted + _FILES):
            raise SetupError(
                f"{wanted:,} connections at a time need more open files than this machine allows a process",
                next_step="raise the hard limit: see nofile in /etc/security/limits.conf, or --ulimit nofile=8192 for a container",
            )
        began = [asyncio.Event() for _ in self._kinds]
        self._tasks = [
            asyncio.create_task(kind.stay(self._address, count, each))
            for kind, count, each in zip(self._kinds, self.counts, began, strict=True)
        ]
        try:
            async with asyncio.timeout(_BEGIN_S):
                for each, task in zip(began, self._tasks, strict=True):
                    waiting = asyncio.create_task(each.wait())
                    await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):  # a mistake of ours: what a program does to them is counted
                raise end

    def table(self, subject: str = "bad neighbours") -> Table:
        """What became of each, as evidence."""
        return Table(subject=subject, columns=_COLUMNS, rows=tuple(count.row() for count in self.counts))
