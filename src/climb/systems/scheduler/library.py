"""The scheduler for programs: ``schedule`` for all of it, ``segments`` and ``traced`` as it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from climb.systems.scheduler.measures import Tally
from climb.systems.scheduler.model import Schedule, Segment
from climb.systems.scheduler.playing import rows_of
from climb.systems.scheduler.policies.policy import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from climb.systems.scheduler.model import Options, Workload
    from climb.systems.scheduler.playing import Engine

__all__ = ["Ending", "TracedSegment", "schedule", "segments", "traced"]

Ending = Literal["burst", "slice", "replaced"]


class TracedSegment(msgspec.Struct, frozen=True):
    """A segment and its story: since when its task was ready, by which number it was picked, and why it ended.

    The number is what ``POLICY[name].key`` says, None for a policy that picks by none. Where turns of a task touched, story
    and number are those of the first turn, the ending is that of the last.
    """

    cpu: int
    task: str
    start: int
    end: int
    ready_since: int
    key: int | None
    ended: Ending


def schedule(
    workload: Workload, options: Options, *, engine: Engine = "either", watch: Callable[[int], object] | None = None
) -> Schedule:
    """Return the whole schedule, segments by start, then processor; now and then tell ``watch`` how many there are so far."""
    ids = [task.id for task in workload.tasks]
    tally = Tally(workload)
    timeline = []
    for rows in rows_of(workload, options, engine):
        for cpu, end, _, _, start, task, _ in rows:
            tally.add(cpu, task, start, end)
            timeline.append(Segment(cpu, ids[task], start, end))
        if watch is not None:
            watch(len(timeline))
    timeline.sort(key=lambda segment: (segment.start, segment.cpu))
    return Schedule(options.policy, tuple(timeline), tally.tasks(), tally.summary())


def segments(workload: Workload, options: Options, *, engine: Engine = "either") -> Iterator[Segment]:
    """Yield segments in the order in which they end, then by processor; no more memory is used for a longer schedule."""
    ids = [task.id for task in workload.tasks]
    for rows in rows_of(workload, options, engine):
        for cpu, end, _, _, start, task, _ in rows:
            yield Segment(cpu, ids[task], start, end)


def traced(workload: Workload, options: Options, *, engine: Engine = "either") -> Iterator[TracedSegment]:
    """Yield the same segments with their stories."""
    from climb.systems.scheduler.policies import POLICY

    ids = [task.id for task in workload.tasks]
    picks_by_number = POLICY[options.policy].key is not None
    for rows in rows_of(workload, options, engine):
        for cpu, end, key, since, start, task, why in rows:
            yield TracedSegment(cpu, ids[task], start, end, since, key if picks_by_number else None, ENDINGS[why])  # type: ignore[arg-type]  # one of the three
