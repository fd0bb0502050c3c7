"""What a control group (version 2) takes away: in a container, less than the machine has.

A limit holds for everything below it, so the smallest one on the way up to the root counts.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from climb.systems.scanner.host.files import Files

__all__ = ["parse_cgroup", "parse_cpu_max", "parse_memory_max", "read_cpu_quota", "read_memory_limit"]


def read_cpu_quota(files: Files) -> float | None:
    """How many processors' worth of time we get; None without a limit."""
    return min((quota for text in _texts(files, "cpu.max") if (quota := parse_cpu_max(text))), default=None)


def read_memory_limit(files: Files) -> int | None:
    """How much memory we get, in bytes; None without a limit."""
    return min((limit for text in _texts(files, "memory.max") if (limit := parse_memory_max(text))), default=None)


def parse_cgroup(text: str) -> str | None:
    """The path of our group: the ``0::`` line of /proc/self/cgroup."""
    return next((line[3:] for line in text.splitlines() if line.startswith("0::/")), None)


def parse_cpu_max(text: str) -> float | None:
    """``150000 100000`` is one and a half processors; ``max 100000`` is no limit."""
    match text.split():
        case [quota, period] if quota.isdecimal() and period.isdecimal() and int(period):
            return int(quota) / int(period)
    return None


def parse_memory_max(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _texts(files: Files, name: str) -> Iterator[str]:
    group = PurePosixPath(parse_cgroup(files.text("proc/self/cgroup") or "") or "/")
    for folder in (group, *group.parents):
        if text := files.text(f"sys/fs/cgroup/{folder.relative_to('/')}/{name}"):
            yield text
