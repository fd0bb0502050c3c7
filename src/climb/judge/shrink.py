"""From a failing input to the smallest one that still fails in the same way.

An input is the list of draws that made it (see ``choices.py``). Three moves make it simpler: leave out a span, set a span to zero,
lower one number. They are tried until none helps or the time is up; each try runs the program once, so the bound is in seconds.
"Fails in the same way" means that the same demand of the same check is broken.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

__all__ = ["OnTry", "Shrunk", "shrink"]

Draws = tuple[int, ...]
OnTry = Callable[[int, Draws], None]  # tries so far, the smallest draws so far


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
) -> Shrunk:
    """Find smaller draws for which ``still_fails`` answers with the draws that the check really made (None: it does not fail).

    Smaller means fewer draws, then smaller numbers from the first on. The result fails; it is minimal if ``complete``.
    """
    search = Shrunk(draws)
    deadline = time.monotonic() + seconds
    seen: set[Draws] = {search.best}
    while time.monotonic() < deadline:
        improved = await _first_improvement(search, still_fails, seen, deadline, on_try)
        if not improved:
            search.complete = time.monotonic() < deadline
            break
    return search


async def _first_improvement(
    search: Shrunk,
    still_fails: Callable[[Draws], Awaitable[Draws | None]],
    seen: set[Draws],
    deadline: float,
    on_try: OnTry,
) -> bool:
    for candidate in _candidates(search.best):
        if time.monotonic() > deadline:
            return False
        if candidate in seen or _size(candidate) >= _size(search.best):
            continue
        seen.add(candidate)
        search.tried += 1
        drawn = await still_fails(candidate)
        if drawn is None or _size(drawn) >= _size(search.best):
            on_try(search.tried, search.best)
            continue
        search.best = drawn
        on_try(search.tried, search.best)
        return True
    return False


def _candidates(draws: Draws) -> Iterator[Draws]:
    """Simpler variations, the boldest first."""
    yield ()
    spans = [size for size in (32, 16, 8, 4, 2, 1) if size <= len(draws)]
    for size in spans:
        for start in range(0, len(draws) - size + 1, size):
            yield draws[:start] + draws[start + size :]
    for size in spans:
        for start in range(0, len(draws) - size + 1, size):
            yield draws[:start] + (0,) * size + draws[start + size :]
    for position, value in enumerate(draws):
        for lower in _lower(value):
            yield (*draws[:position], lower, *draws[position + 1 :])
    # One fewer member and one draw less often belong together: a count, and what was drawn for the last counted.
    for position, value in enumerate(draws):
        if value:
            for cut in range(position + 1, len(draws)):
                yield (*draws[:position], value - 1, *draws[position + 1 : cut], *draws[cut + 1 :])


def _lower(value: int) -> Iterator[int]:
    """Numbers below ``value``, halving the distance each time: half, three quarters, …, one less."""
    distance = value
    while distance > 1:
        distance //= 2
        yield value - distance


def _size(draws: Draws) -> tuple[int, Draws]:
    return len(draws), draws
