"""From a failing input to the smallest one that still fails in the same way.

An input is the list of draws that made it (see ``choices.py``). Three moves make it simpler: leave out a span, set a span to zero,
lower one number. They are tried until none helps or the time is up; each try runs the program once, so the bound is in seconds.
"Fails in the same way" means that the same demand of the same check is broken.

A run of a service costs seconds, so tries are few. The boldest moves come first. What helped at one place is tried again at the
same place, not from the beginning (as in Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002). And where
the check has said which draws made an element of a list, whole elements and runs of them are left out before anything else.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

__all__ = ["Draws", "Lists", "OnTry", "Shrunk", "shrink"]

Draws = tuple[int, ...]
Lists = Sequence[Sequence[tuple[int, int]]]  # of each list which draws made its elements: from, up to and without
OnTry = Callable[[int, Draws], None]  # tries so far, the smallest draws so far


class _TimeIsUp(Exception):
    """No further input may be tried."""


class Shrunk:
    """The search: the best draws so far, how many were tried, and whether it ended because nothing smaller fails."""

    def __init__(self, draws: Sequence[int]) -> None:
        self.best: Draws = tuple(draws)
        self.tried = 0
        self.complete = False


async def shrink(
    draws: Sequence[int],
    still_fails: Callable[[Draws], Awaitable[Draws | None]],
    *,
    seconds: float,
    on_try: OnTry = lambda _tried, _best: None,
    lists: Callable[[Draws], Lists] = lambda _draws: (),
) -> Shrunk:
    """Find smaller draws for which ``still_fails`` answers with the draws that the check really made (None: it does not fail).

    Smaller means fewer draws, then smaller numbers from the first on. The result fails; it is minimal if ``complete``.
    ``lists`` tells of draws that the check has made which of them made elements of lists.
    """
    done = Shrunk(draws)
    search = _Search(done, still_fails, time.monotonic() + seconds, on_try, lists)
    try:
        while await search.round():
            pass
        done.complete = True
    except _TimeIsUp:
        pass
    return done


class _Search:
    def __init__(
        self,
        done: Shrunk,
        still_fails: Callable[[Draws], Awaitable[Draws | None]],
        deadline: float,
        on_try: OnTry,
        lists: Callable[[Draws], Lists],
    ) -> None:
        self._done = done
        self._still_fails = still_fails
        self._deadline = deadline
        self._on_try = on_try
        self._lists = lists
        self._seen: set[Draws] = {done.best}

    async def round(self) -> bool:
        """Try every move, the boldest first; whether any helped."""
        before = self._done.best
        await self._try(())
        await self._without_elements()
        await self._without_end()
        if self._lists(self._done.best):  # what spans could do, elements have done; numbers are next
            await self._zeroed()
            await self._lowered()
        await self._without_spans()
        await self._zeroed()
        await self._lowered()
        if self._done.best == before:
            await self._counts_with_members()
        return self._done.best != before

    async def _try(self, candidate: Draws) -> bool:
        if candidate in self._seen or _size(candidate) >= _size(self._done.best):
            return False
        if time.monotonic() >= self._deadline:
            raise _TimeIsUp
        self._seen.add(candidate)
        self._done.tried += 1
        drawn = await self._still_fails(candidate)
        better = drawn is not None and _size(drawn) < _size(self._done.best)
        if better and drawn is not None:
            self._done.best = drawn
            self._seen.add(drawn)
        self._on_try(self._done.tried, self._done.best)
        return better

    async def _without_elements(self) -> None:
        """Of each list all elements, halves, quarters, …, single ones. Outer lists are first: inner ones go with their elements."""
        number = 0
        while number < len(self._lists(self._done.best)):
            size = len(self._elements(number))
            while size:
                start = 0
                while start < len(elements := self._elements(number)):
                    begin, end = elements[start][0], elements[min(start + size, len(elements)) - 1][1]
                    best = self._done.best
                    if not await self._try(best[:begin] + best[end:]):
                        start += size
                size //= 2
            number += 1

    def _elements(self, number: int) -> Sequence[tuple[int, int]]:
        lists = self._lists(self._done.best)
        return lists[number] if number < len(lists) else ()

    async def _without_end(self) -> None:
        """All draws after a place: each of them becomes 0."""
        keep = len(self._done.best) // 2
        while 0 < keep < len(self._done.best):
            if await self._try(self._done.best[:keep]):
                keep = len(self._done.best) // 2
            else:
                keep += max((len(self._done.best) - keep) // 2, 1)

    async def _without_spans(self) -> None:
        for size in _sizes(len(self._done.best)):
            start = 0
            while start + size <= len(self._done.best):
                best = self._done.best
                if not await self._try(best[:start] + best[start + size :]):
                    start += size

    async def _zeroed(self) -> None:
        for size in _sizes(2 * len(self._done.best)):
            for start in range(0, len(self._done.best) - size + 1, size):
                best = self._done.best
                await self._try(best[:start] + (0,) * min(size, len(best) - start) + best[start + size :])

    async def _lowered(self) -> None:
        """Each number by itself: half, three quarters, …, one less, and again from what was found."""
        position = 0
        while position < len(self._done.best):
            for lower in _lower(self._done.best[position]):
                best = self._done.best
                if await self._try((*best[:position], lower, *best[position + 1 :])):
                    break
            else:
                position += 1

    async def _counts_with_members(self) -> None:
        """One fewer member and one draw less often belong together: a count, and what was drawn for the last counted."""
        best = self._done.best
        for position, value in enumerate(best):
            if value:
                for cut in range(position + 1, len(best)):
                    if await self._try((*best[:position], value - 1, *best[position + 1 : cut], *best[cut + 1 :])):
                        return


def _sizes(length: int) -> list[int]:
    """Powers of two, the largest first, up to half of ``length``, and 1 if there is anything at all."""
    return [1 << power for power in range(max(length // 2, 1).bit_length() - 1, -1, -1)] if length else []


def _lower(value: int) -> Iterator[int]:
    """Numbers below ``value``, halving the distance each time: half, three quarters, …, one less."""
    distance = value
    while distance > 1:
        distance //= 2
        yield value - distance


def _size(draws: Draws) -> tuple[int, Draws]:
    return len(draws), draws
