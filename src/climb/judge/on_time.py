"""Deadlines of the brief, judged: not before the time, and at most a second, or a tenth of it, after.

The judge and the program share a machine. While something is timed a clock looks every few milliseconds how late it is woken itself. What it sees is
added to what the program may be late. If it is much, the judge was no good client either, who sends when it says, and blames nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from climb.judge.calibration import Calibration, calibrate_start
from climb.judge.expect import CannotTell, Failure, fail, within

__all__ = ["Clock", "clock"]

_LOOK_S = 0.01
_TOO_BUSY_S = 0.3
_STARTS = 10  # of a small process: what any program may be held up by others
_COARSE_S = 0.02  # timers that count in milliseconds, or in the kernel's ticks


class Clock:
    """How late the judge itself was, and the demand on deadlines."""

    def __init__(self, start: Calibration) -> None:
        self.late_s = 0.0
        self._start = start

    @property
    def was_busy(self) -> bool:
        """Whether the judge was too late to blame anybody."""
        return self.late_s > _TOO_BUSY_S

    def allowed_s(self, due_s: float) -> float:
        """How long after its beginning the end of something may be noticed at the latest."""
        return due_s + max(1.0, due_s / 10) + _STARTS * self._start.seconds + self.late_s

    def demand(
        self, happened: float | None, *, since: tuple[float, float], due_s: float, subject: str, why: str
    ) -> None:
        """It happened in time; None: it has not happened by now. ``since``: between these two moments the time began to count."""
        earliest, latest = since
        self.demand_not_before(happened, since=earliest, due_s=due_s, subject=subject, why=why)
        if happened is None or happened - latest > self.allowed_s(due_s):
            self._late(happened, latest, due_s, subject, why)

    def demand_not_before(self, happened: float | None, *, since: float, due_s: float, subject: str, why: str) -> None:
        """If it happened, then not too early."""
        if happened is not None and happened - since < due_s - _COARSE_S:
            fail(
                f"when {subject}",
                expected=f"not before {due_s:.3g} s",
                received=f"after {max(happened - since, 0.0):.3f} s",
                why=f"{why} Who is given less time than was said can't rely on it.",
            )

    def _late(self, happened: float | None, since: float, due_s: float, subject: str, why: str) -> None:
        words = f"the time itself, one second or a tenth of it, {_STARTS} × what starting a small process takes here and now, and the {self.late_s * 1000:.0f} ms that the judge was late"
        if happened is None:
            fail(
                f"when {subject}",
                expected=f"within {self.allowed_s(due_s):.3g} s: {words}",
                received=f"not by then; {due_s:.3g} s were set",
                why=why,
            )
        within(
            happened - since,
            self.allowed_s(due_s),
            f"when {subject}",
            unit="s",
            calibration=words,
            why=why,
        )


@contextlib.asynccontextmanager
async def clock() -> AsyncIterator[Clock]:
    """A clock that looks at itself while the block lasts. Raises CannotTell instead of a failure if the judge was late."""
    watch = Clock(await calibrate_start())
    task = asyncio.create_task(_look(watch))
    try:
        yield watch
    except Failure as failure:
        if watch.was_busy:
            raise CannotTell(
                f"the judge itself was woken up to {watch.late_s:.2f} s late, so it can't blame the program for {failure.subject}"
            ) from failure
        raise
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _look(watch: Clock) -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(_LOOK_S)
        watch.late_s = max(watch.late_s, time.monotonic() - before - _LOOK_S)
