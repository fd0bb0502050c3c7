"""What a kernel recorded of its own scheduling, read from perf's text: as a workload, and as the schedule that it was."""

from __future__ import annotations

import zlib
from pathlib import Path

from climb.systems.scheduler.imports.errors import PerfMissing, RecordingError
from climb.systems.scheduler.imports.events import events
from climb.systems.scheduler.imports.following import follow
from climb.systems.scheduler.imports.imported import Imported, imported
from climb.systems.scheduler.imports.perf_data import opened

__all__ = ["SAMPLE", "Imported", "PerfMissing", "RecordingError", "read_recording", "read_sample"]

SAMPLE = Path(__file__).parent.parent / "recordings" / "compile.perf.txt.gz"


def read_recording(
    source: str,
    *,
    tick_us: int = 1,
    from_s: float = 0.0,
    to_s: float | None = None,
    only: str | None = None,
    cpus: frozenset[int] | None = None,
    rename: bool = False,
) -> Imported:
    """Read a file of scheduler events, ``-`` for standard input, or a perf.data; RecordingError if there is nothing in it.

    ``from_s`` and ``to_s`` are seconds since the first event, ``only`` is a pattern for names of tasks. With ``cpus`` only
    these processors count, and what a task does on others is time away, as I/O is. ``rename`` gives neutral names.
    """
    try:
        with opened(source) as lines:
            recording = follow(
                events(lines), from_ns=round(from_s * 1e9), to_ns=None if to_s is None else round(to_s * 1e9), cpus=cpus
            )
    except (EOFError, OSError, zlib.error) as error:
        raise RecordingError(f"{source}: {error}") from error
    if not recording.cpus:
        raise RecordingError(f"{source}: no line of it is a sched_switch event{_of(cpus)}")
    found = imported(recording, tick_ns=tick_us * 1000, only=only, rename=rename)
    if found is None:
        raise RecordingError(f"{source}: no task{f' named {only}' if only else ''} ran in the time asked for")
    return found


def read_sample(*, tick_us: int = 1) -> Imported:
    """The recording that ships with the project: a compilation, a compression and two interactive programs on two processors."""
    return read_recording(str(SAMPLE), tick_us=tick_us)


def _of(cpus: frozenset[int] | None) -> str:
    return f" of processor {', '.join(map(str, sorted(cpus)))}" if cpus else ""
