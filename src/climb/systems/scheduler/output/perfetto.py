"""A schedule as a trace that https://ui.perfetto.dev opens: JSON in the Trace Event Format, written as the schedule is made.

Two groups of tracks: the processors with what ran on them, and the tasks with where they ran; and how many tasks were ready. The
format's times are microseconds, so a tick has to be so many of them. Identifiers begin at 1, since thread 0 is the idle one of
Linux to its readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from climb.systems.scheduler.model import Policy, Segment, Workload
from climb.systems.scheduler.output.ready import Count, ReadyCounter, by_start

__all__ = ["events", "write"]

_PROCESSORS, _TASKS = 1, 2
_FIRST_TASK = 101  # after all processors, of which there are 64 at most

Event = dict[str, object]


def write(
    out: IO[bytes],
    workload: Workload,
    policy: Policy,
    segments: Iterable[Segment],
    *,
    tick_us: int = 1,
    ready: bool = True,
) -> None:
    """The whole trace. The segments of each processor are in order; those of several are held as long as it takes to sort them.

    How many tasks are ready is told unless ``ready`` is false: it follows from bursts that are exact, as a recording's are not.
    """
    encode = msgspec.json.encode
    out.write(b'{"displayTimeUnit":"ms","otherData":{"policy":' + encode(policy) + b"},")
    out.write(b'"traceEvents":[\n')
    separator = b""
    for event in events(workload, segments, tick_us=tick_us, ready=ready):
        out.write(separator + encode(event))
        separator = b",\n"
    out.write(b"\n]}\n")


def events(workload: Workload, segments: Iterable[Segment], *, tick_us: int = 1, ready: bool = True) -> Iterator[Event]:
    """Names first, then a complete event on each of two tracks for a segment, and if ``ready`` a counter when it changes."""
    numbers = {task.id: _FIRST_TASK + at for at, task in enumerate(workload.tasks)}
    yield from _names(workload, numbers)
    counter = ReadyCounter(workload) if ready else None
    for segment in by_start(segments, workload.cpus):
        if counter is not None:
            yield from (_counted(count, tick_us) for count in counter.enter(segment))
        yield _ran(segment, segment.task, _PROCESSORS, segment.cpu + 1, tick_us)
        yield _ran(segment, f"cpu {segment.cpu}", _TASKS, numbers[segment.task], tick_us)
    if counter is not None:
        yield from (_counted(count, tick_us) for count in counter.finish())


def _names(workload: Workload, numbers: dict[str, int]) -> Iterator[Event]:
    yield _meta("process_name", _PROCESSORS, 0, {"name": "processors"})
    yield _meta("process_name", _TASKS, 0, {"name": "tasks"})
    threads = [(_PROCESSORS, cpu + 1, f"cpu {cpu}") for cpu in range(workload.cpus)]
    threads += [(_TASKS, number, name) for name, number in numbers.items()]
    for process, thread, name in threads:
        yield _meta("thread_name", process, thread, {"name": name})
        yield _meta("thread_sort_index", process, thread, {"sort_index": thread})


def _meta(name: str, process: int, thread: int, args: dict[str, object]) -> Event:
    return {"name": name, "ph": "M", "pid": process, "tid": thread, "args": args}


def _ran(segment: Segment, name: str, process: int, thread: int, tick_us: int) -> Event:
    return {
        "name": name,
        "cat": "running",
        "ph": "X",
        "pid": process,
        "tid": thread,
        "ts": segment.start * tick_us,
        "dur": (segment.end - segment.start) * tick_us,
        "args": {"task": segment.task, "cpu": segment.cpu, "start": segment.start, "end": segment.end},
    }


def _counted(count: Count, tick_us: int) -> Event:
    return {
        "name": "ready tasks",
        "ph": "C",
        "pid": _PROCESSORS,
        "ts": count.tick * tick_us,
        "args": {"ready": count.ready},
    }
