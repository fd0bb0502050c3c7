"""The schedule document, written as the schedule is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from climb.systems.scheduler.measures import Tally
from climb.systems.scheduler.playing import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from climb.systems.scheduler.model import Options, Workload

__all__ = ["write_schedule"]


def write_schedule(
    workload: Workload, options: Options, stream: BinaryIO, *, watch: Callable[[int], object] | None = None
) -> None:
    """Play, and write the whole document; segments stand in the order in which they end.

    Now and then ``watch`` is told how many there are so far.
    """
    names = [msgspec.json.encode(task.id).decode() for task in workload.tasks]
    tally = Tally(workload)
    separator = f'{{"policy": "{options.policy}",\n"timeline": [\n'
    so_far = 0
    for rows in rows_of(workload, options):
        parts = []
        for cpu, end, _, _, start, task, _ in rows:
            tally.add(cpu, task, start, end)
            parts.append(f'{{"cpu": {cpu}, "task": {names[task]}, "start": {start}, "end": {end}}}')
        if parts:
            stream.write((separator + ",\n".join(parts)).encode())
            separator = ",\n"
        so_far += len(rows)
        if watch is not None:
            watch(so_far)
    tasks, summary = (msgspec.json.encode(part) for part in (tally.tasks(), tally.summary()))
    stream.write(b'],\n"tasks": ' + tasks + b',\n"summary": ' + summary + b"}\n")
