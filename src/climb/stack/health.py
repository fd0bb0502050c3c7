"""How the servers that stay are: what runs, what has ended without being told to, and who else has the port."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

from climb.stack.kinds import Kind
from climb.stack.lasting import place_of
from climb.stack.records import Record, boot_id

__all__ = ["Condition", "Health", "health"]


class Condition(Enum):
    """How a server is, as far as can be seen from outside."""

    OFF = "off"  # nobody wants it to run
    STARTING = "starting"
    RUNNING = "running"
    SILENT = "silent"  # its process is there and does not answer
    FAILED = "failed"  # it did not start
    ENDED = "ended"  # by itself, with an exit code
    LOST = "lost"  # killed together with what held it, or gone with the machine


@dataclass(frozen=True)
class Health:
    """One kind: its condition, the last record of it, what its processes use, and who else listens on its port."""

    kind: Kind
    condition: Condition
    record: Record | None = None
    memory_bytes: int | None = None
    stranger: str = ""
    rebooted: bool = False


def health(home: Path, kind: Kind) -> Health:
    """How the server of this kind is now."""
    place = place_of(home, kind)
    held, record = place.is_held(), place.read()
    if record is None:
        return Health(kind, Condition.OFF)
    if not held:
        return _of_one_that_is_gone(kind, record)
    if record.state == "starting":
        return Health(kind, Condition.STARTING, record)
    tree = _tree(record.server)
    condition = Condition.RUNNING if kind.answers(record.address) else Condition.SILENT
    stranger = _stranger(record.port, tree) if condition is Condition.SILENT else ""
    return Health(kind, condition, record, memory_bytes=_memory_bytes(tree), stranger=stranger)


def _of_one_that_is_gone(kind: Kind, record: Record) -> Health:
    if record.state == "stopped":
        return Health(kind, Condition.OFF, record)
    stranger = _stranger(record.port, [])
    if record.state == "failed":
        return Health(kind, Condition.ENDED if record.since else Condition.FAILED, record, stranger=stranger)
    return Health(kind, Condition.LOST, record, stranger=stranger, rebooted=record.boot != boot_id())


def _tree(pid: int | None) -> list[psutil.Process]:
    """The process and all that it started."""
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    return []


def _memory_bytes(tree: list[psutil.Process]) -> int:
    """What they use, each page shared by several counted once (proc(5), smaps, Pss)."""
    used = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            used += process.memory_full_info().pss
    return used


def _stranger(port: int | None, tree: list[psutil.Process]) -> str:
    """Who listens on the port and is none of ours, as far as this user may see; empty if nobody."""
    ours = {process.pid for process in tree}
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr
        if listens and listens.port == port and connection.pid not in ours:
            return _called(connection.pid)
    return ""


def _called(pid: int | None) -> str:
    with contextlib.suppress(psutil.Error):
        if pid is not None:
            return f"{psutil.Process(pid).name()}, process {pid}"
    return "a process of another user"
