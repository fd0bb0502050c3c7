"""What this machine still allows a lab to take, by every limit that holds here: the kernel's, the user's, the control groups'."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

import psutil

from climb.labs.machine import kernel_setting

__all__ = ["memory_left", "threads_left"]


def memory_left() -> float:
    """Bytes that may be taken without swapping, and without being killed for them."""
    return min(psutil.virtual_memory().available, _left_by_control_groups("memory"))


def threads_left() -> float:
    """How many threads may still be started."""
    running = int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])
    return max(
        min(
            kernel_setting("kernel.threads-max") - running,
            kernel_setting("kernel.pid_max") - running,
            kernel_setting("vm.max_map_count") / 2 - 500,  # a stack and its guard page are two mappings
            _left_to_this_user(),
            _left_by_control_groups("pids"),
        ),
        0,
    )


def _left_to_this_user() -> float:
    most, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if most == resource.RLIM_INFINITY:
        return float("inf")
    everyones = (process.info for process in psutil.process_iter(["uids", "num_threads"]))
    own = (each["num_threads"] or 0 for each in everyones if each["uids"] and each["uids"].real == os.getuid())
    return most - sum(own)


def _left_by_control_groups(controller: str) -> float:
    """How much of pids or memory the groups that this process is in leave; infinite where they set no limit."""
    lefts = [float("inf")]
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in {"", controller}:
            continue
        folder = Path("/sys/fs/cgroup", controllers, path.lstrip("/"))
        for group in (folder, *folder.parents):
            with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit
                most = int((group / f"{controller}.max").read_text(encoding="ascii"))
                lefts.append(most - int((group / f"{controller}.current").read_text(encoding="ascii")))
    return min(lefts)
