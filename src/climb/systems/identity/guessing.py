"""How often a password may be tried: failures are counted in the database, tries under way here.

What is in the database holds across instances and restarts. But a failure is there only after the password was looked at, and many
tries may begin before the first of them has failed. So a try is only begun while those under way, were all of them to fail, would
not be too many; the others wait until one has ended, and then look again.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from climb.stack.http.problems import Problem, busy
from climb.systems.identity.storage.queries import Standing

__all__ = ["Tries", "throttled"]

_MOST_WAIT_S = 5.0


@dataclass
class _Pair:
    """The tries of one client address for one address."""

    under_way: int = 0
    failed: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    users: int = 0

    def wake_one(self) -> None:
        """Let one of those who wait look again."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return


class Tries:
    """The tries that are under way in this process."""

    def __init__(self, failures: int) -> None:
        self._failures = failures
        self._pairs: defaultdict[Hashable, _Pair] = defaultdict(_Pair)

    @contextlib.asynccontextmanager
    async def begun(
        self, pair: Hashable, look: Callable[[], Awaitable[Standing]]
    ) -> AsyncIterator[tuple[Standing, Callable[[], None]]]:
        """The standing with which a try may be made, and what is to be called when the database knows that it failed.

        ``look`` asks the database, and raises if there may be no further try.
        """
        known = self._pairs[pair]
        known.users += 1
        try:
            standing = await self._admitted(known, look)
            try:
                yield standing, lambda: _fail(known)
            finally:
                known.under_way -= 1
        finally:
            known.wake_one()  # also if this one was refused: it had been woken instead of another
            known.users -= 1
            if not known.users:
                del self._pairs[pair]

    async def _admitted(self, known: _Pair, look: Callable[[], Awaitable[Standing]]) -> Standing:
        while True:
            failed_before = known.failed
            standing = await look()
            if known.failed != failed_before:
                continue  # what was read may be from before that
            if standing.failed + known.under_way < self._failures:
                known.under_way += 1
                if standing.failed + known.under_way < self._failures:
                    known.wake_one()
                return standing
            await self._changed(known)

    async def _changed(self, known: _Pair) -> None:
        turn = asyncio.get_running_loop().create_future()
        known.waiting.append(turn)
        try:
            async with asyncio.timeout(_MOST_WAIT_S):
                await turn
        except TimeoutError:
            raise busy("too many logins of this address are under way") from None


def _fail(known: _Pair) -> None:
    known.failed += 1


def throttled(locked_s: float) -> Problem:
    """Too many failures: 429, and when to try again."""
    return Problem(429, "too many failed logins", headers={"Retry-After": str(max(1, math.ceil(locked_s)))})
