"""What the sides of ``benchmarks/scheduler.py`` have in common: the work, and how they tell what they did."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """The work: so many tasks with about so many ticks each; with ``until`` they are periodic."""

    policy: str
    tasks: int
    ticks: int
    quantum: int
    until: int


def asked() -> Asked:
    """Return what the command line asks for."""
    policy, *numbers = sys.argv[1:]
    return Asked(policy, *map(int, numbers))


def tasks(work: Asked) -> list[tuple[int, int]]:
    """Return ticks and period of each task; arrivals are the number of the task modulo 7 where there is no period."""
    if work.until:  # together they use four fifths of the processor
        return [(1 + n % 3, (1 + n % 3) * work.tasks * 5 // 4) for n in range(work.tasks)]
    return [(work.ticks + n % 5, 0) for n in range(work.tasks)]


def peak_kib() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def tell(**values: float) -> None:
    """Say what was done."""
    print(json.dumps({**values, "peak_kib": peak_kib()}))
