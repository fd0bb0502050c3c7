"""What an import had to leave open, in sentences with their counts: how far to trust the workload."""

from __future__ import annotations

from collections.abc import Iterator

from climb.systems.scheduler.imports.imported import Imported

__all__ = ["notes"]


def notes(found: Imported) -> tuple[str, ...]:
    """A sentence for each thing that the recording does not tell, or that the emulator can't express."""
    return tuple(f"{_counted(count, one, many)} {rest}" for count, one, many, rest in _notes(found) if count)


def _notes(found: Imported) -> Iterator[tuple[int, str, str, str]]:
    counts = found.counts
    yield counts.lost, "event", "events", "lost by the recorder; what happened then is missing."
    yield (
        counts.holes,
        "switch",
        "switches",
        "missing: a processor's next event does not fit to its last; that turn is left out.",
    )
    yield counts.out_of_order, "event", "events", "earlier than the one before; taken as of the same moment."
    yield counts.running_at_start, "task", "tasks", "running when it began; the burst counts from there."
    yield (
        counts.first_seen_running,
        "task",
        "tasks",
        "seen first on a processor, without a wake-up; what came before that is not known, and counts as no waiting.",
    )
    yield (
        counts.unknown_wake_ups,
        "wake-up",
        "wake-ups",
        "not recorded; the I/O is taken to last until the task ran again, so that waiting may be longer than shown.",
    )
    yield counts.never_ran, "task", "tasks", "woken, but not run before the end; left out."
    yield found.rounded_up, "burst", "bursts", "shorter than a tick; each counts as one."
    yield found.real_time, "task", "tasks", "with a real-time priority; as nice -20, which is less than that."
    yield found.left_out, "task", "tasks", "not asked for; the processors look idle while they ran."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
