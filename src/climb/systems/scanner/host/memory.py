"""Memory and swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scanner.host.cgroup import read_memory_limit
from climb.systems.scanner.host.report import Memory

if TYPE_CHECKING:
    from climb.systems.scanner.host.files import Files

__all__ = ["parse_meminfo", "read_memory"]


def read_memory(files: Files) -> Memory:
    sizes = parse_meminfo(files.text("proc/meminfo") or "")
    return Memory(
        total_bytes=sizes.get("MemTotal"),
        available_bytes=sizes.get("MemAvailable"),
        limit_bytes=read_memory_limit(files),
        swap_total_bytes=sizes.get("SwapTotal"),
        swap_free_bytes=sizes.get("SwapFree"),
    )


def parse_meminfo(text: str) -> dict[str, int]:
    """The sizes of /proc/meminfo in bytes. What the file calls kB are 1024 bytes each."""
    sizes: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        match value.split():
            case [number, "kB"] if number.isdecimal():
                sizes[name] = int(number) * 1024
    return sizes
