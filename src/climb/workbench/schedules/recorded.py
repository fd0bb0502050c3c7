"""What a Linux kernel did, from the recording that ships with us, as a panel beside those of our policies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from climb.systems.scheduler.imports import Imported, read_sample
from climb.systems.scheduler.imports.actual import actual_schedule
from climb.systems.scheduler.imports.following import Followed
from climb.workbench.schedules.gathering import Turn, gathered
from climb.workbench.schedules.messages import Panel
from climb.workbench.schedules.turns import BURST, DONE, LEFT

__all__ = ["TICK_US", "recorded", "recording"]

TICK_US = 100


@cache
def recording() -> Imported:
    """The recording in ticks of ``TICK_US``."""
    return read_sample(tick_us=TICK_US)


def recorded() -> Panel:
    """The schedule that the kernel made."""
    found = recording()
    actual = actual_schedule(found)
    return Panel(
        name="the kernel",
        rule=_told(found),
        cpus=found.workload.cpus,
        key="",
        key_scale=1,
        growth=(),
        runtime_growth=(),
        bases=(),
        weights=(),
        quantum=0,
        order="start",
        turns=gathered(list(_turns(found))),
        complete=True,
        summary=actual.summary,
        measures=tuple(actual.tasks.get(task.id) for task in found.workload.tasks),
    )


def _told(found: Imported) -> str:
    counts = found.recording.counts
    missing = f"; {counts.holes} of {counts.switches:,} switches are missing in it" if counts.holes else ""
    return f"What Linux did, as its trace of context switches and wake-ups tells{missing}. A tick is {TICK_US} µs."


class _Task:
    """A task while its turns are read: what is left of its burst, and since when it is ready. All in ns."""

    def __init__(self, place: int, followed: Followed) -> None:
        self.place = place
        self.ready = followed.arrival
        self._bursts = followed.bursts
        self._burst = 0
        self.left = self._bursts[0]

    def run(self, start: int, end: int) -> int:
        """Take note of a turn; why it ended."""
        self.left -= end - start
        self.ready = end
        if self.left > 0:
            return LEFT
        if self._burst + 2 >= len(self._bursts):
            self.left = 0
            return DONE
        self.ready += self._bursts[self._burst + 1]
        self._burst += 2
        self.left = self._bursts[self._burst]
        return BURST


def _turns(found: Imported) -> Iterator[Turn]:
    """The turns of the recording; one that begins and ends in the same tick can't be shown."""
    places = {task.id: place for place, task in enumerate(found.workload.tasks)}
    book = found.recording
    tasks = {
        each.number: _Task(places[found.ids[each.number]], each) for each in book.tasks if each.number in found.ids
    }
    cpus = {number: place for place, number in enumerate(found.processors)}

    def tick(ns: int) -> int:
        return max(0, ns - book.began) // found.tick_ns

    for cpu, number, start, end in book.stints():
        if number not in tasks:
            continue
        task = tasks[number]
        ready = min(task.ready, start)
        why = task.run(start, end)
        left = 0 if why in (BURST, DONE) else task.left // found.tick_ns
        if tick(end) > tick(start):
            yield tick(start), tick(end), tick(ready), 0, left, 0, task.place, cpus[cpu], why
