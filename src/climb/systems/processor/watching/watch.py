"""Looks at a processor again and again, and says how it stands: whether it answers, since when, and what changed in between."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable

import msgspec

from climb.systems.processor.watching.address import Address
from climb.systems.processor.watching.asking import NoAnswer, NotAProcessor, ask
from climb.systems.processor.watching.told import Closed, Page, Stats

__all__ = ["Phase", "View", "Watch", "last_of", "newest", "started_again"]

_STEPS_BACK = (0, 8, 512, 32_768)  # slides before the newest window that can be closed
_MOST_ROWS = 1000
_ROUNDED_S = 0.01  # an age is told in milliseconds, by a clock that is not ours


class Phase(enum.Enum):
    """How a processor stands."""

    WAITING = "waiting"  # it has not answered yet
    RUNNING = "running"
    GONE = "gone"  # it has answered, and does not any more
    STRANGE = "strange"  # something else answers


class View(msgspec.Struct, frozen=True):
    """One look. ``stats`` are the last ones that were told; ``rate`` is in readings a second, None before it can be known."""

    phase: Phase
    at_ms: int
    since_ms: int
    stats: Stats | None = None
    rate: float | None = None
    problem: str = ""
    starts: int = 0  # how often it was seen to have started again

    @property
    def behind_ms(self) -> int | None:
        """How far the watermark is behind the clock on the wall; negative if it is ahead."""
        return None if self.stats is None or self.stats.watermark is None else self.at_ms - self.stats.watermark


class Watch:
    """What one who looks at a processor remembers of it."""

    def __init__(
        self,
        address: Address,
        *,
        within_s: float = 5.0,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.address = address
        self._within_s = within_s
        self._now_ms = now_ms
        self._answered_s = time.monotonic()
        self.view = View(Phase.WAITING, now_ms(), now_ms())

    async def look(self) -> View:
        """Ask once; a processor that does not answer is a view too."""
        apart_s = time.monotonic() - self._answered_s
        try:
            stats = await ask(self.address, "/stats", Stats, within_s=self._within_s)
        except NoAnswer as error:
            known = self.view.stats is not None
            self._turn(Phase.GONE if known else Phase.WAITING, problem=str(error), rate=None)
        except NotAProcessor as error:
            self._turn(Phase.STRANGE, problem=str(error), rate=None)
        else:
            self._answered_s = time.monotonic()
            started = started_again(self.view, stats, apart_s)
            self._turn(
                Phase.RUNNING,
                stats=stats,
                rate=self._rate(stats, started=started),
                starts=self.view.starts + started,
            )
        return self.view

    def _turn(self, phase: Phase, *, problem: str = "", **changes: object) -> None:
        at_ms, before = self._now_ms(), self.view
        again = changes.get("starts", before.starts) != before.starts
        since_ms = before.since_ms if phase is before.phase and not again else at_ms
        self.view = msgspec.structs.replace(
            before, phase=phase, at_ms=at_ms, since_ms=since_ms, problem=problem, **changes
        )

    def _rate(self, stats: Stats, *, started: bool) -> float | None:
        """As it says itself; of one that does not, from two looks."""
        before = self.view
        if stats.readings_per_second is not None:
            return stats.readings_per_second
        seconds = (self._now_ms() - before.at_ms) / 1000
        if before.phase is not Phase.RUNNING or before.stats is None or started or seconds <= 0:
            return None
        return max(stats.seen - before.stats.seen, 0) / seconds


def started_again(before: View, stats: Stats, apart_s: float) -> bool:
    """
    A start shows in an age that has not grown by the seconds between an answer and the next question.

    Where no age is told, in an end that was seen, or in counters that begin anew.
    """
    if before.stats is None:
        return False
    if stats.uptime_seconds is not None and before.stats.uptime_seconds is not None:
        return stats.uptime_seconds + _ROUNDED_S < before.stats.uptime_seconds + apart_s
    return before.phase is Phase.GONE or stats.duplicates < before.stats.duplicates


async def newest(address: Address, stats: Stats, *, within_s: float, sensor: str = "") -> Page:
    """The newest closed windows, of one sensor or of all, oldest first; none if nothing closed for long. Raise as ``ask`` does."""
    if stats.watermark is None:
        return Page([])
    slide = stats.slide_ms or 1000
    begin = (stats.watermark - (stats.window_ms or slide)) // slide * slide
    query: dict[str, str | int] = {"limit": _MOST_ROWS} | ({"sensor": sensor} if sensor else {})
    for steps in _STEPS_BACK:
        page = await ask(
            address, "/windows", Page, within_s=within_s, **query, **{"from": max(begin - steps * slide, 0)}
        )
        if page.windows:
            return page
    return Page([])


def last_of(windows: list[Closed]) -> list[Closed]:
    """Those that start last."""
    return [window for window in windows if window.start == windows[-1].start]
