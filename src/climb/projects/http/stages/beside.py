"""What well-behaved clients get done, and how long it takes them: with a nuisance beside them, and without."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.expect import CannotTell, fail, within
from climb.judge.on_time import clock
from climb.judge.together import all_to_the_end
from climb.projects.http.driver import Running

if TYPE_CHECKING:
    from climb.judge.drivers.conversation import Conversation

__all__ = ["Others"]

_CLIENTS = 3
_REQUESTS = 20
_SLOWER = 20  # times as long as without the nuisance
_TRIES = 5
_WHY = "Any client can be slow or greedy, by mistake or with intent. Whoever else it can delay is at its mercy."


class Others:
    """A few clients that ask, wait for the answer, and ask again: some over connections that they keep, some over new ones."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._clients: list[Conversation] = []

    async def arrive(self) -> None:
        """Open the connections that are kept."""
        for number in range(1, _CLIENTS + 1):
            self._clients.append(await self._running.converse(f"well-behaved client {number}"))

    async def undisturbed(self) -> float:
        """How long a round takes now: the slower of two."""
        return max([await self._round("nobody") for _ in range(2)])

    async def not_delayed(self, alone_s: float, nuisance: str) -> None:
        """A round takes no longer than a multiple of the time that it took alone; of several tries the best counts."""
        ready_s = self._running.instance.ready_seconds or 0
        limit, best, busy = _SLOWER * alone_s + ready_s, float("inf"), True
        await self._round(nuisance)  # not judged: what they do has begun by its end
        for _ in range(_TRIES):
            async with clock() as watch:
                best = min(best, await self._round(nuisance))
            if best <= limit:
                return
            busy = busy and watch.was_busy
        if busy:
            raise CannotTell(f"the judge itself was late whenever it measured {nuisance}")
        within(
            best,
            limit,
            f"the time of {(_CLIENTS + 1) * _REQUESTS} requests beside {nuisance}",
            unit="s",
            calibration=f"{_SLOWER} × the {alone_s:.3g} s that the same takes without them, and the {ready_s:.2g} s that the program takes to start",
            why=_WHY,
        )

    async def _round(self, nuisance: str) -> float:
        began = time.monotonic()
        await all_to_the_end(*(self._ask(client, nuisance) for client in self._clients), self._come(nuisance))
        return time.monotonic() - began

    async def _come(self, nuisance: str) -> None:
        client = await self._running.converse("well-behaved client that has just come")
        await self._ask(client, nuisance)
        client.close()

    async def _ask(self, client: Conversation, nuisance: str) -> None:
        for number in range(_REQUESTS):
            sent = self._running.request("GET", f"/mirror/{number}")
            try:
                answer = await client.ask(sent, timeout_s=self._running.patience_s)
            except (ConnectionLost, TimedOut) as failure:
                fail(
                    f"the answer to {client.name} beside {nuisance}",
                    expected="200",
                    received=f"none within {self._running.patience_s:.0f} s"
                    if isinstance(failure, TimedOut)
                    else "the end of the connection",
                    why=_WHY,
                )
            answer.demand(200)
