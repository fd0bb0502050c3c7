"""Which processes belong to a program, and how to be rid of them all.

A process group is not enough: a child may call setsid() and fork twice, and then nothing connects it to us. So each program
carries a marker in its environment, which children inherit across fork and exec, and membership is read from the process table:
the marker, or the session that we started. Reading the table costs a few milliseconds, so callers poll at tenths of a second.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil

__all__ = ["MARKER", "cpu_seconds", "describe", "kill_all", "members", "own_bytes", "resident_bytes", "signal_all"]

MARKER = "CLIMB_PROGRAM"  # environment variable; its value is unique for each program started
_KILL_DEADLINE_S = 5.0
_SHOWN = 200  # characters of a command line


def members(marker: str, session: int | None = None) -> list[int]:
    """The living processes that carry ``marker`` or belong to ``session``; zombies are not alive."""
    find = _members_linux if Path("/proc/self/environ").exists() else _members_elsewhere
    return find(marker, session)


def resident_bytes(pids: list[int]) -> int:
    """The memory that these processes hold now, shared pages counted once per process."""
    return sum(_resident(pid) for pid in pids)


def own_bytes(pids: list[int]) -> int:
    """The memory that is these processes' own, a page that several of them share divided among them.

    Counted are anonymous, shared and swapped pages (proc_pid_smaps(5): Pss_Anon, Pss_Shmem, SwapPss). Pages of files are not: the
    kernel keeps them as a cache, and takes them back when it likes. Where it does not say, resident memory is taken.
    """
    return sum(_own(pid) for pid in pids)


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that these processes took so far, with the children that they have waited for."""
    return sum(_cpu(pid) for pid in pids)


def describe(pid: int) -> str:
    """One line to recognise a process by: its number and command line."""
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        command = "(gone)"
    # A command line is bytes, and need not be text.
    shown = command if len(command) <= _SHOWN else f"{command[:_SHOWN]}…"
    return f"pid {pid}: {shown.encode(errors='backslashreplace').decode()}"


def kill_all(marker: str, session: int | None = None) -> None:
    """Kill every member until none is left. They are frozen first, so that none can fork away.

    Raises RuntimeError if some survive for five seconds, which only a process stuck in the kernel does.
    """
    deadline = time.monotonic() + _KILL_DEADLINE_S
    while pids := members(marker, session):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                _signal(pid, number)
        if time.monotonic() > deadline:
            raise RuntimeError(f"these processes survive SIGKILL: {[describe(pid) for pid in pids]}")
        time.sleep(0.002)


def signal_all(number: signal.Signals, marker: str, session: int | None = None) -> None:
    """Send a signal to every member, and to those that appear meanwhile."""
    reached: set[int] = set()
    while new := set(members(marker, session)) - reached:
        for pid in new:
            _signal(pid, number)
        reached |= new


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return  # gone between the look and the signal


def _members_linux(marker: str, session: int | None) -> list[int]:
    needle = f"{MARKER}={marker}".encode()
    pids = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
    return [pid for pid in pids if _belongs(pid, needle, session)]


def _belongs(pid: int, needle: bytes, session: int | None) -> bool:
    try:
        # After the command name in parentheses: state, ppid, pgrp, session (proc_pid_stat(5)).
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        if fields[0] in (b"Z", b"X"):
            return False
        if session is not None and int(fields[3]) == session:
            return True
        return needle in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (OSError, IndexError):
        return False


def _members_elsewhere(marker: str, session: int | None) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            mine = session is not None and os.getsid(process.pid) == session
            if process.status() != psutil.STATUS_ZOMBIE and (mine or process.environ().get(MARKER) == marker):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


_OWN = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")


def _own(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
    except ProcessLookupError:
        return 0
    except OSError:
        return _resident(pid)
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith(_OWN)]
    return sum(found) if found else _resident(pid)


def _cpu(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + getattr(times, "children_user", 0) + getattr(times, "children_system", 0))


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
