"""What holds under any policy: one task on one processor at a time, each burst exactly its ticks, nothing before its time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from climb.projects.scheduler.rules.finding import Broken, Finding
from climb.projects.scheduler.rules.timeline import Piece, Timeline
from climb.projects.scheduler.workload import Task, Workload

__all__ = ["first_broken_fact"]

_ORDINALS = ("first", "second", "third")


def first_broken_fact(workload: Workload, timeline: Timeline) -> Finding | None:
    """The earliest moment at which the timeline can't be true, whatever the policy."""
    found = [*_overlaps(timeline), *_twice_at_once(workload, timeline)]
    for task in workload.tasks:
        found += _Life(task, workload.until, timeline.of_task(task.id)).breaches()
    return min(found, key=lambda finding: finding.moment, default=None)


def _overlaps(timeline: Timeline) -> Iterator[Finding]:
    for pieces in timeline.by_cpu:
        for one, other in itertools.pairwise(pieces):
            if other.start < one.end:
                yield _finding(
                    other.start,
                    other.cpu,
                    f"one task at a time on processor {other.cpu}",
                    f"{one.task} from t={one.start} to t={one.end} and {other.task} from t={other.start} to t={other.end}",
                    "A processor runs one task at a time. A segment reaches up to its end and does not include it.",
                )


def _twice_at_once(workload: Workload, timeline: Timeline) -> Iterator[Finding]:
    for task in workload.tasks:
        pieces = timeline.of_task(task.id)
        for one, other in itertools.pairwise(pieces):
            if other.start < one.end and other.cpu != one.cpu:
                yield _finding(
                    other.start,
                    other.cpu,
                    f"{task.id} on one processor at a time",
                    f"{task.id} at t={other.start} on processor {one.cpu} and on processor {other.cpu}",
                    "A task is one line of work: it runs on one processor at a time.",
                )


class _Life:
    """One task's ticks, spent in order on its jobs and their bursts."""

    def __init__(self, task: Task, until: int | None, pieces: list[Piece]) -> None:
        self._task = task
        self._pieces = pieces
        self._releases = task.releases(until)
        self._job = 0
        self._burst = 0
        self._left = task.bursts[0]
        self._may_run = task.arrival
        self._because = f"it arrives at t={task.arrival}"
        self._over = False

    def breaches(self) -> Iterator[Finding]:
        """The first thing that is wrong with this task alone, if there is one."""
        for piece in self._pieces:
            start = piece.start
            while start < piece.end:
                if self._over or start < self._may_run:
                    yield self._too_early(start, piece)
                    return
                ticks = min(self._left, piece.end - start)
                start += ticks
                self._left -= ticks
                if self._left == 0:
                    self._burst_ended(start)
        if not self._over:
            yield self._unfinished()

    def _burst_ended(self, tick: int) -> None:
        name = self._task.id
        if self._burst + 1 < len(self._task.bursts):
            self._may_run = tick + self._task.bursts[self._burst + 1]
            self._because = f"its {_ordinal(self._burst)} ended at t={tick} and its I/O lasts until t={self._may_run}"
            self._burst += 2
        elif self._job + 1 < len(self._releases):
            self._job, self._burst = self._job + 1, 0
            self._may_run = max(tick, self._releases[self._job])
            self._because = f"its job before ended at t={tick} and the next is released at t={self._may_run}"
        else:
            self._over, self._because = True, f"all work of {name} was done at t={tick}"
            return
        self._left = self._task.bursts[self._burst]

    def _too_early(self, tick: int, piece: Piece) -> Finding:
        name = self._task.id
        expected = f"{name} not running at t={tick}" if self._over else f"{name} not running before t={self._may_run}"
        return _finding(
            tick,
            piece.cpu,
            expected,
            f"{name} runs on processor {piece.cpu} from t={tick} to t={piece.end}",
            f"{name} ran at t={tick}, although {self._because}.",
        )

    def _unfinished(self) -> Finding:
        name, burst = self._task.id, self._task.bursts[self._burst]
        ticks = "1 tick" if burst == 1 else f"{burst} ticks"
        job = f" of job {self._job + 1} (released at t={self._releases[self._job]})" if len(self._releases) > 1 else ""
        which = f"{_ordinal(self._burst)}{job}"
        done = burst - self._left
        if not self._pieces:
            moment, received = self._task.arrival, f"{name} never runs"
        elif done:
            moment, received = (
                self._pieces[-1].end,
                f"{name} runs {done} of {burst} ticks of its {which}, then never again",
            )
        else:
            moment, received = (
                self._may_run,
                f"{name} never begins its {which}, for which it is ready at t={self._may_run}",
            )
        return _finding(
            moment,
            None,
            f"{name} completes, with exactly {ticks} for its {which}",
            received,
            "Every job that is released runs to its end, and each burst gets exactly its ticks.",
        )


def _ordinal(burst: int) -> str:
    number = burst // 2
    return f"{_ORDINALS[number]} burst" if number < len(_ORDINALS) else f"burst number {number + 1}"


def _finding(moment: int, cpu: int | None, expected: str, received: str, why: str) -> Finding:
    return Finding(
        broken=Broken.FACT, moment=moment, visible=moment, cpu=cpu, expected=expected, received=received, why=why
    )
