"""Clients of two instances of which one may be away: they go to the other one, as a load balancer would, and remember what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from climb.judge.drivers.connection import ConnectionLost, NotConnected, TimedOut
from climb.judge.evidence import Comparison, Table
from climb.judge.expect import Failure, expect, fail
from climb.projects.links.stages.clicks_of import clicks_reach

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer
    from climb.judge.world import World
    from climb.projects.links.driver import Running

__all__ = ["Fleet"]

_CLIENTS = 5
_PAUSE_S = 0.005
_MAKES_EVERY_S = 0.05
_COUNTED_S = 5.0
_TURNS = 2  # at each instance, until a request is given up


class _Lost(msgspec.Struct, frozen=True):
    at: float
    request: str
    received: str


class Fleet:
    """Who follows these links and makes new ones, on whichever instance answers."""

    def __init__(self, running: Running, codes: list[str], world: World) -> None:
        self._running = running
        self._codes = codes
        self._stem = world.draw.word(5, 7)
        self._ending = False
        self._out: set[int] = set()
        self._lost: list[_Lost] = []
        self._seen: Counter[str] = Counter()  # answers with 302
        self._doubtful: Counter[str] = Counter()  # followings that were cut: they may count or not
        self._made: dict[str, str] = {}
        self._requests = 0

    def clients(self) -> list[Coroutine[Any, Any, None]]:
        """Their work, until ``end``."""
        return [*(self._follows(number) for number in range(_CLIENTS)), self._makes()]

    def out(self, instance: int) -> None:
        """Nobody is sent there: it has ended, or is not ready yet."""
        self._out.add(instance)

    def back(self, instance: int) -> None:
        """It is ready again."""
        self._out.discard(instance)

    def end(self) -> None:
        """They ask nothing more, and end when what they asked is answered."""
        self._ending = True

    # --- judging ---

    def demand_nothing_lost(self) -> None:
        """Each request was answered as it would have been without a restart."""
        if not self._lost:
            return
        first, *others = self._lost
        comparison = Comparison(
            subject="a request during a rolling restart",
            expected="302 or 201, from one of the two instances",
            received=f"{first.received}, to {first.request} at {first.at:.3f} s",
            why="One instance was there all the time. The other one takes no new connection once it was asked to stop, and answers all that it has taken; so nobody has to notice that there was a restart.",
            saw=f"{self._requests:,} requests; {len(others):,} more were lost",
        )
        rows = tuple((f"{each.at:.3f}", each.request, each.received) for each in self._lost[:10])
        raise Failure(
            comparison.subject,
            comparison,
            Table(subject="requests that were lost", columns=("at (s)", "request", "what came"), rows=rows),
        )

    async def demand_made(self) -> None:
        """Each link that was made is there."""
        for code, url in self._made.items():
            answer = await self._running.follow(code)
            expect(
                (answer.status, answer.headers.get("location")), f"GET /{code}, made during the rolling restart"
            ).equals((302, url), why="It was answered with 201.")

    async def demand_counted(self) -> None:
        """Each following that was answered is a click, once."""
        for code in self._codes:
            least = self._seen[code]
            total = await clicks_reach(self._running, code, least, within_s=_COUNTED_S)
            most = least + self._doubtful[code]
            if not least <= total <= most:
                fail(
                    f"clicks of /{code} after a rolling restart",
                    expected=f"{least:,}" if least == most else f"{least:,} to {most:,}",
                    received=f"{total:,}",
                    why="Each answer with 302 is a click, whichever instance gave it and whatever became of that instance.",
                )

    # --- inside ---

    async def _follows(self, number: int) -> None:
        turn = number
        while not self._ending:
            code = self._codes[turn % len(self._codes)]
            answer = await self._answered(turn, f"GET /{code}", "GET", f"/{code}", {302}, owner=None)
            if answer is not None:
                self._seen[code] += 1
            turn += 1
            await asyncio.sleep(_PAUSE_S)

    async def _makes(self) -> None:
        turn = 0
        while not self._ending:
            code, url = f"{self._stem}-{turn}", f"https://example.org/{turn}"
            key = (("Idempotency-Key", f"{self._stem}-{turn}"),)
            body = {"url": url, "code": code}
            answer = await self._answered(
                turn, f"POST /v1/links ({code})", "POST", "/v1/links", {201}, json=body, fields=key
            )
            if answer is not None:
                self._made[code] = url
            turn += 1
            await asyncio.sleep(_MAKES_EVERY_S)

    async def _answered(
        self, turn: int, words: str, method: str, target: str, wanted: set[int], **options: Any
    ) -> Answer | None:
        """The answer of one of the instances; what is not, or not as wanted, is kept as lost."""
        self._requests += 1
        began, received = self._running.now(), "no connection to either"
        try:
            for attempt in range(2 * _TURNS):
                instance = (turn + attempt) % 2
                if instance in self._out:
                    continue
                try:
                    answer = await self._running.ask(
                        method, target, instance=instance, status=None, once=True, **options
                    )
                except NotConnected as failure:
                    received = str(failure)
                    continue
                except ConnectionLost as failure:
                    received = str(failure)
                    if method == "GET":
                        self._doubtful[target.removeprefix("/")] += 1
                    continue
                if answer.status in wanted:
                    return answer
                received = f"status {answer.line}"
                break
        except TimedOut:
            received = "no answer"
        self._lost.append(_Lost(began, words, received))
        return None
