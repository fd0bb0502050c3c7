"""Writers that remember what was acknowledged, kills, and the comparison with what is there afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence, Set as AbstractSet
from contextlib import AsyncExitStack
from typing import Any

from climb.counted import counted
from climb.judge.audit.kills import Killing
from climb.judge.audit.showing import kills_table
from climb.judge.drivers.connection import ConnectionLost, NotConnected, TimedOut
from climb.judge.drivers.http1 import Answer
from climb.judge.drivers.readiness import patience_s
from climb.judge.expect import fail
from climb.judge.faults.injecting import Injecting
from climb.judge.faults.restart import Restart
from climb.judge.history import History, Recorder
from climb.judge.properties import Count, Finding, Write, counts_are_possible, demand, states_are_possible
from climb.judge.together import together

__all__ = ["Audit"]

Request = Callable[[], Awaitable[Answer]]
Writer = Callable[[int], Awaitable[object]]  # is given how often it was called before

_AFTER = 10  # acknowledgements behind the last kill: that it works again is a part of it
_BREATH_S = 0.02  # of a writer that was not answered well


class Audit:
    """What clients did to a service and were told. ``recorder`` has the clock of the check."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.acknowledged = 0
        self._more = asyncio.Event()

    @property
    def history(self) -> History:
        """All writes, kills and faults so far."""
        return self.recorder.history()

    # --- for writers ---

    async def write(
        self,
        who: str,
        what: str,
        *,
        key: Hashable,
        state: Any,
        request: Request,
        ok: AbstractSet[int],
        failed: AbstractSet[int] = frozenset(),
    ) -> Answer | None:
        """Give a thing a state, or take it away (None). What came back, None if nothing did.

        ``request`` sends one request, at most once, whatever the status (JsonClient: ``status=None, once=True``). One of ``ok`` acknowledges it, with one of ``failed`` it certainly did not happen;
        after any other answer, or none, nobody knows.
        """
        return await self._ask(who, what, Write(key, state), request, ok, failed)

    async def count(
        self, who: str, what: str, *, key: Hashable, request: Request, ok: AbstractSet[int], weight: int = 1
    ) -> Answer | None:
        """Do something that is counted. What came back, None if nothing did."""
        return await self._ask(who, what, Count(key, weight), request, ok, frozenset())

    async def _ask(
        self,
        who: str,
        what: str,
        value: Write | Count,
        request: Request,
        ok: AbstractSet[int],
        failed: AbstractSet[int],
    ) -> Answer | None:
        pending = self.recorder.begin(who, what, value, label=f"{what} {value.key}")
        try:
            answer = await request()
        except NotConnected:
            pending.failed("nobody listened")
            await asyncio.sleep(_BREATH_S)
            return None
        except (ConnectionLost, TimedOut) as lost:
            pending.unknown(f"no answer: {lost.subject}")
            await asyncio.sleep(_BREATH_S)
            return None
        if answer.status in ok:
            pending.ok(answer=answer.line)
            self.acknowledged += 1
            self._more.set()
            return answer
        (pending.failed if answer.status in failed else pending.unknown)(answer.line)
        await asyncio.sleep(_BREATH_S)
        return answer

    # --- what happens ---

    async def under_kills(
        self,
        writers: Sequence[Writer],
        kills: Iterable[Killing],
        *,
        after: int = _AFTER,
        timeout_s: float | None = None,
    ) -> History:
        """Let all writers write, again and again, while one thing after the other is killed and started again.

        Ends when ``after`` further writes were acknowledged. Fails the check if what is waited for is not acknowledged in time.
        """
        patience = await patience_s() if timeout_s is None else timeout_s
        done = asyncio.Event()
        await together(
            self._kill(list(kills), after, patience, done), *(self._keep_writing(each, done) for each in writers)
        )
        return self.history

    async def _kill(self, kills: Sequence[Killing], after: int, patience_s: float, done: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            injecting: dict[int, Injecting] = {}
            for place in {id(each.place): each.place for each in kills}.values():  # places are not hashable
                injecting[id(place)] = await stack.enter_async_context(Injecting(place, self.recorder))
            since = "the beginning"
            for kill in kills:
                await self._wait_for(kill.acknowledged, patience_s, since)
                await asyncio.sleep(kill.delay_ms / 1000)
                restart = Restart(kill.down_ms)
                await injecting[id(kill.place)].inject(restart)
                await injecting[id(kill.place)].heal(restart)
                since = f"the {kill.place.who} was killed and started again"
            await self._wait_for(after, patience_s, since)
        done.set()

    async def _keep_writing(self, writer: Writer, done: asyncio.Event) -> None:
        number = 0
        while not done.is_set():
            await writer(number)
            await asyncio.sleep(0)
            number += 1

    async def _wait_for(self, further: int, patience_s: float, since: str) -> None:
        wanted, before = self.acknowledged + further, self.acknowledged
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while self.acknowledged < wanted:
                    self._more.clear()
                    await self._more.wait()
        if self.acknowledged < wanted:
            ended = [each for each in self.history if each.ended_at is not None]
            last = max(ended, key=lambda each: each.ended_at or 0.0, default=None)
            fail(
                "writes are acknowledged",
                expected=f"{counted(further, 'write')} within {patience_s:.0f} s since {since}",
                received=f"{self.acknowledged - before:,}",
                why="What a service stands on may be away for a while; when it is back the service works again, without a restart.",
                saw=f"the last answer: {last.answer}" if last else None,
            )

    # --- what is there afterwards ---

    def demand_states(self, found: Mapping[Any, Any], *, where: str, why: str) -> None:
        """Each thing is as its writes allow; ``found`` are the states that were read back, as ``where`` shows them.

        Fails the check with each lost, changed or resurrected one, and the time since its acknowledgement.
        """
        self._demand(states_are_possible(self.history, found, where=where), why)

    def demand_counts(self, counts: Mapping[Any, int], *, where: str, why: str) -> None:
        """Each counter is between what was acknowledged and what was tried; ``where`` says what shows them."""
        self._demand(counts_are_possible(self.history, counts, where=where), why)

    def _demand(self, finding: Finding, why: str) -> None:
        demand(finding, self.history, why=why, evidence=(kills_table(finding, self.history),))
