"""The schedule document, written as the schedule is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from climb.systems.scheduler.measures import Tally
from climb.systems.scheduler.playing import rows_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from climb.systems.scheduler.model import Options, Workload

__all__ = ["write_schedule"]


def write_schedule(workload: Workload, options: Options, stream: BinaryIO) -> None:
    """Play, and write the whole document; segments stand in the order in which they end."""
    names = [msgspec.json.encode(task.id).decode() for task in workload.tasks]
    tally = Tally(workload)
    separator = f'{{"policy": "{options.policy}",\n"timeline": [\n'
    for rows in rows_of(workload, options):
        parts = []
        for cpu, end, _, _, start, task, _ in rows:
            tally.add(cpu, task, start, end)
            parts.append(f'{{"cpu": {cpu}, "task": {names[task]}, "start": {start}, "end": {end}}}')
        if parts:
            stream.write((separator + ",\n".join(parts)).encode())
            separator = ",\n"
    tasks, summary = (msgspec.json.encode(part) for part in (tally.tasks(), tally.summary()))
    stream.write(b'],\n"tasks": ' + tasks + b',\n"summary": ' + summary + b"}\n")
