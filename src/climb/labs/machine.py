"""Which machine this is, and how much else went on during a measurement. Read from /proc, as any user may."""

from __future__ import annotations

import os
import platform
import resource
from pathlib import Path

import psutil

from climb.labs.result import Machine, Quiet

__all__ = ["Watch", "file_system", "kernel_setting", "this_machine"]


def this_machine() -> Machine:
    """The machine without anything that names its owner."""
    return Machine(
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        python=platform.python_version(),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def file_system(path: Path) -> str:
    """The type of the file system that ``path`` is on, such as "ext4"; "unknown" if the system does not tell."""
    real = path.resolve()
    mounts = [part for part in psutil.disk_partitions(all=True) if real.is_relative_to(part.mountpoint)]
    # Of mounts at the same place the last one covers the others.
    return (
        max(enumerate(mounts), key=lambda each: (len(each[1].mountpoint), each[0]))[1].fstype if mounts else "unknown"
    )


def kernel_setting(name: str) -> int:
    """A setting of Linux that is a number, by the name that sysctl has for it. Raises OSError if this kernel has none."""
    return int(Path("/proc/sys", *name.split(".")).read_text(encoding="ascii"))


class Watch:
    """Measures from its making to ``quiet()`` what others did with the processors meanwhile."""

    def __init__(self) -> None:
        self._system = psutil.cpu_times()
        self._own = _own_seconds()

    def quiet(self) -> Quiet:
        """The shares of all processors' time that others used, and that the hypervisor took."""
        now = psutil.cpu_times()
        spent = {field: getattr(now, field) - getattr(self._system, field) for field in now._fields}
        # Linux counts guests' time in user time as well.
        total = sum(seconds for field, seconds in spent.items() if not field.startswith("guest"))
        stolen = spent.get("steal", 0.0)
        idle = spent["idle"] + spent.get("iowait", 0.0)
        others = total - idle - stolen - (_own_seconds() - self._own)
        if total <= 0:
            return Quiet(others=0.0, stolen=0.0)
        return Quiet(others=max(others, 0.0) / total, stolen=stolen / total)


def _own_seconds() -> float:
    """Processor time of this process and of those it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
