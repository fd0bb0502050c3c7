"""What a server leaves behind that was killed: processes below the one that kept it, and shared memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["descendants", "free_shared_memory", "signal_all", "sweep"]

_IPC_RMID = 0  # linux/ipc.h
_SHARED_MEMORY = Path("/proc/sysvipc/shm")
_SWEEP_S = 5.0  # how long what was killed may take to be gone


def sweep() -> None:
    """Kill what ended servers left, which is all that is still below this process."""
    end = time.monotonic() + _SWEEP_S
    while (left := descendants(os.getpid())) and time.monotonic() < end:
        signal_all(left, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ChildProcessError):  # it is not ours yet: its parent is about to go
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.001)


def free_shared_memory(pid: int, since_s: int) -> None:
    """Remove what a process that has ended made of System V's shared memory; the kernel keeps that for ever (svipc(7)).

    A PostgreSQL that was killed leaves a segment.
    """
    with contextlib.suppress(OSError):  # a kernel without it
        for line in _SHARED_MEMORY.read_text().splitlines()[1:]:
            fields = [int(field) for field in line.split()]
            segment, creator, attached, changed_s = fields[1], fields[4], fields[6], fields[13]
            if creator == pid and attached == 0 and changed_s >= since_s:
                ctypes.CDLL(None).shmctl(segment, _IPC_RMID, None)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Send them a signal; those that have gone meanwhile are passed over."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def descendants(of: int) -> list[int]:
    """All processes that ``of`` or one of them started, and that have not been waited for."""
    parents = dict(_parents())
    found, at = [of], 0
    while at < len(found):
        found += [pid for pid, parent in parents.items() if parent == found[at]]
        at += 1
    return found[1:]


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):  # noqa: PTH208 - thousands of names, of which most are not wanted
        if name.isdigit():
            with contextlib.suppress(OSError):
                fields = Path("/proc", name, "stat").read_bytes().rpartition(b")")[2].split()
                yield int(name), int(fields[1])
