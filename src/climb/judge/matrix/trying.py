"""Trying a matrix: requests by the clock, faults that come and go, and the first answer that is not as demanded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NoReturn

from climb.judge.calibration import calibrate_start
from climb.judge.drivers.connection import ConnectionLost, TimedOut
from climb.judge.evidence import Comparison, Evidence, Exchange
from climb.judge.expect import CannotTell, Failure
from climb.judge.faults.injecting import Injecting
from climb.judge.history import Recorder
from climb.judge.matrix.demands import Demand, Trouble
from climb.judge.matrix.lateness import Lateness, watched
from climb.judge.matrix.probes import Phases, Probe, Violation, violation
from climb.judge.matrix.results import Cell, Matrix, Row
from climb.judge.sequences import shades_of
from climb.judge.together import given_up, in_background

__all__ = ["demand_matrix"]

_BEFORE_S = 0.5  # that all is well is seen before anything goes wrong
_WELL_S = 0.75  # and for so long behind, before the next thing does
_STARTS = 10  # of a small process: what any program may be held up by others
_FAR_BEYOND = 2.0


async def demand_matrix(troubles: Sequence[Trouble], recorder: Recorder, *, why: str, per_s: float = 4.0) -> Matrix:
    """Try one trouble after the other; fails the check at the first answer that is not as demanded, else tells what was seen.

    Each kind of request is asked ``per_s`` times a second. Raises CannotTell if only the machine may be to blame. ``recorder`` has the
    clock of the answers, and the faults are noted in it.
    """
    slack_s = _STARTS * (await calibrate_start()).seconds
    matrix = Matrix()
    async with watched(recorder.now) as lateness:
        for trouble in troubles:
            row = await _Trying(trouble, recorder, lateness, 1 / per_s, slack_s).to_its_end()
            matrix.rows.append(row)
            wrong = _wrong(row, slack_s)
            sure = [each for each in wrong if not each.is_doubtful(_late_s(each, lateness))]
            if sure:
                _fail(sure[0], matrix, recorder, why)
            if wrong:
                late_s = _late_s(wrong[0], lateness)
                raise CannotTell(
                    f"the judge itself was {late_s:.2f} s late, so it can't blame the program for {trouble}"
                )
    return matrix


class _Trying:
    """One trouble under way."""

    def __init__(
        self, trouble: Trouble, recorder: Recorder, lateness: Lateness, every_s: float, slack_s: float
    ) -> None:
        self._trouble = trouble
        self._recorder = recorder
        self._lateness = lateness
        self._every_s = every_s
        self._slack_s = slack_s
        self._probes: dict[Demand, list[Probe]] = {demand: [] for demand in trouble.demands}
        self._under_way: dict[asyncio.Task[None], float] = {}
        self._answered = asyncio.Event()
        self._broken: list[Exception] = []  # what was raised that is no missing answer: nothing is tried any further

    async def to_its_end(self) -> Row:
        """Ask, let the faults come and go, ask until all is well or it is too late for that."""
        try:
            async with in_background(*(self._ask(demand, number) for number, demand in enumerate(self._probes))):
                phases = await self._faults()
                await self._until_well(phases)
            await asyncio.gather(*self._under_way)
        finally:  # a fault may have failed: no request goes on behind it
            await given_up(self._under_way)
        if self._broken:
            raise self._broken[0]
        cells = tuple(
            Cell(demand, phases, tuple(sorted(probes, key=lambda each: each.asked_at)))
            for demand, probes in self._probes.items()
        )
        return Row(self._trouble, phases, cells)

    async def _faults(self) -> Phases:
        now = self._recorder.now
        async with AsyncExitStack() as stack:
            placed = [
                (await stack.enter_async_context(Injecting(place, self._recorder)), fault)
                for place, fault in self._trouble.faults
            ]
            await asyncio.sleep(_BEFORE_S)
            begins = now()
            for injecting, fault in placed:
                await injecting.inject(fault)
            there = now()
            await asyncio.sleep(self._trouble.lasts_s)
            heals = now()
            for injecting, fault in placed:
                await injecting.heal(fault)
            return Phases(begins, there, heals, now())

    async def _until_well(self, phases: Phases) -> None:
        longest = max((demand.recovery_s for demand in self._probes), default=0.0)
        enough_s = longest + 2 * self._slack_s + 2 * self._every_s
        while (left := phases.healed + enough_s + self._late_s(phases) - self._recorder.now()) > 0:
            if self._broken or all(self._is_well(demand, phases) for demand in self._probes):
                return
            self._answered.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._answered.wait()

    def _late_s(self, phases: Phases) -> float:
        """How much longer it takes to be sure, since the judge was late itself."""
        return 3 * self._lateness.between(phases.healed, self._recorder.now())

    def _is_well(self, demand: Demand, phases: Phases) -> bool:
        """Whether all answers of the last moments were good, and nothing that was asked earlier waits."""
        since = self._recorder.now() - _WELL_S
        newest = [each for each in self._probes[demand] if each.asked_at >= since]
        waits = any(asked_at < since for asked_at in self._under_way.values())
        good = bool(newest) and all(each.status in demand.after for each in newest)
        return good and not waits and since >= phases.healed

    async def _ask(self, demand: Demand, number: int) -> None:
        """By the clock, each kind of request at moments of its own."""
        due = self._recorder.now() + self._every_s * number / max(len(self._probes), 1)
        while True:
            await asyncio.sleep(max(due - self._recorder.now(), 0))
            task = asyncio.create_task(self._once(demand))
            self._under_way[task] = self._recorder.now()
            task.add_done_callback(self._under_way.pop)
            due = max(due + self._every_s, self._recorder.now())

    async def _once(self, demand: Demand) -> None:
        now = self._recorder.now
        asked_at, answer, failure = now(), None, None
        try:
            async with asyncio.timeout(_FAR_BEYOND * (demand.bound_s + self._slack_s) + 1):
                answer = await demand.request()
        except (ConnectionLost, TimedOut) as lost:
            failure = lost
        except TimeoutError:
            pass
        except Exception as error:
            self._broken.append(error)
        ended_at = now()
        late_s = self._lateness.between(asked_at, ended_at)
        self._probes[demand].append(
            Probe(demand=demand, asked_at=asked_at, ended_at=ended_at, answer=answer, failure=failure, late_s=late_s)
        )
        self._answered.set()


def _wrong(row: Row, slack_s: float) -> list[Violation]:
    """What is not as demanded: first what was asked while the trouble was certainly there, by kind, then the rest.

    Which kind is asked first behind the beginning depends on some milliseconds, and a learner who tries again should meet the same one.
    """
    found = [violation(each, row.phases, slack_s=slack_s) for cell in row.cells for each in cell.probes]
    wrong = [each for each in found if each is not None]
    return sorted(wrong, key=lambda each: not row.phases.settled(each.probe.asked_at, each.probe.demand.notice_s))


def _late_s(found: Violation, lateness: Lateness) -> float:
    return lateness.between(found.since, found.probe.ended_at)


def _fail(found: Violation, matrix: Matrix, recorder: Recorder, why: str) -> NoReturn:
    row, probe = matrix.rows[-1], found.probe
    subject = f"{probe.demand.name} ({row.trouble})"
    comparison = Comparison(subject=subject, expected=found.expected, received=found.received, why=why, saw=_saw(probe))
    history = recorder.history()
    table = matrix.table(pointed=probe)
    raise Failure(subject, comparison, table, matrix.series(row, shades_of(history)), *_exchange(probe))


def _saw(probe: Probe) -> str | None:
    if probe.failure is None:
        return None
    comparisons = [piece for piece in probe.failure.evidence if isinstance(piece, Comparison)]
    return f"{comparisons[0].subject}: {comparisons[0].received}" if comparisons else str(probe.failure)


def _exchange(probe: Probe) -> list[Evidence]:
    """The transcript of the request, which the answer or the failure knows."""
    failure = probe.failure
    if probe.answer is not None:
        try:
            probe.answer.blame("", "", "")
        except Failure as blamed:
            failure = blamed
    return [piece for piece in failure.evidence if isinstance(piece, Exchange)] if failure else []
