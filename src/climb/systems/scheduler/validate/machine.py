"""What is known of the kernel that will schedule the workers: its version, its tick, its slice, and what it counts by."""

from __future__ import annotations

import gzip
import os
import platform
import re
import resource
from pathlib import Path

import msgspec

__all__ = [
    "Kernel",
    "base_slice_us",
    "busy_share",
    "kernel",
    "lowest_nice",
    "may_set_any_nice",
    "parse_hz",
    "parse_version",
    "uses_eevdf",
]

_SLICE_FILE = Path("/sys/kernel/debug/sched/base_slice_ns")
_EEVDF_SINCE = (6, 6)
_SHORTER_SLICE_SINCE = (6, 15)  # "sched: Reduce the default slice to avoid tasks getting an extra tick"
_CAP_SYS_NICE = 23  # linux/capability.h
_IDLE = (3, 4)  # of the columns in /proc/stat: idle, iowait


class Kernel(msgspec.Struct, frozen=True):
    """``slice_from`` says where the slice is known from; ``hz`` is None where no configuration is readable."""

    release: str
    policy: str
    hz: int | None
    slice_us: int
    slice_from: str
    autogroup: bool
    group: str


def kernel() -> Kernel:
    """The facts, read now."""
    release = platform.release()
    version = parse_version(release)
    read = _slice_from_kernel()
    return Kernel(
        release=release,
        policy="eevdf" if uses_eevdf(version) else "cfs",
        hz=_hz(release),
        slice_us=read or base_slice_us(version, os.cpu_count() or 1),
        slice_from=str(_SLICE_FILE) if read else "the kernel's default",
        autogroup=_text(Path("/proc/sys/kernel/sched_autogroup_enabled")).strip() == "1",
        group=_cpu_group(_text(Path("/proc/self/cgroup"))),
    )


def lowest_nice() -> int:
    """The smallest nice value that a process of ours may take: root may take any, but in a container often not (setpriority(2))."""
    if may_set_any_nice(_text(Path("/proc/self/status"))):
        return -20
    granted = 20 - resource.getrlimit(resource.RLIMIT_NICE)[0]
    return max(-20, min(os.getpriority(os.PRIO_PROCESS, 0), granted))


def may_set_any_nice(status: str) -> bool:
    """Whether the capability for it is among the effective ones in /proc/<pid>/status."""
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(found and int(found[1], 16) >> _CAP_SYS_NICE & 1)


def uses_eevdf(version: tuple[int, int]) -> bool:
    """Whether Linux of that version schedules by EEVDF; before, it was CFS."""
    return version >= _EEVDF_SINCE


def base_slice_us(version: tuple[int, int], cpus: int) -> int:
    """The kernel's default (kernel/sched/fair.c, sysctl_sched_base_slice): it grows with the logarithm of the processors."""
    return (700 if version >= _SHORTER_SLICE_SINCE else 750) * _factor(cpus)


def cfs_defaults_us(cpus: int) -> tuple[int, int]:
    """Latency and granularity of the kernels that had CFS: sysctl_sched_latency and sysctl_sched_min_granularity."""
    return 6000 * _factor(cpus), 750 * _factor(cpus)


def _factor(cpus: int) -> int:
    return min(cpus, 8).bit_length()  # 1 + ilog2


def parse_version(release: str) -> tuple[int, int]:
    """6.18.44-generic is (6, 18); (0, 0) if that is no version."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def parse_hz(configuration: str) -> int | None:
    """CONFIG_HZ: how often a second the kernel looks whether a slice is over."""
    found = re.search(r"^CONFIG_HZ=(\d+)$", configuration, re.MULTILINE)
    return int(found[1]) if found else None


def busy_share(times: list[int]) -> float:
    """The part of a processor's time, from a difference of two /proc/stat lines, in which it was not idle."""
    times = times[:8]  # guest time, behind, is part of user time
    return 1 - sum(times[column] for column in _IDLE) / max(1, sum(times))


def _hz(release: str) -> int | None:
    try:
        return parse_hz(gzip.decompress(Path("/proc/config.gz").read_bytes()).decode())
    except OSError:
        return parse_hz(_text(Path(f"/boot/config-{release}")))


def _slice_from_kernel() -> int | None:
    text = _text(_SLICE_FILE).strip()
    return int(text) // 1000 if text.isdigit() else None


def _cpu_group(memberships: str) -> str:
    """The control group that shares processors, of version 1 or 2 (cgroups(7))."""
    for line in memberships.splitlines():
        _number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if "cpu" in controllers.split(",") or not controllers:
            return path
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
