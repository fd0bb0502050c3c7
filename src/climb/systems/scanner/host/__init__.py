"""What this machine is and who listens on it, read from /proc and /sys without starting a program."""

from __future__ import annotations

import platform
from datetime import UTC, datetime

from climb.systems.scanner.host.cpu import read_cpu
from climb.systems.scanner.host.files import Files, Unsupported
from climb.systems.scanner.host.interfaces import read_interfaces
from climb.systems.scanner.host.memory import read_memory
from climb.systems.scanner.host.owners import named, read_owners
from climb.systems.scanner.host.render import render
from climb.systems.scanner.host.report import HostReport
from climb.systems.scanner.host.sockets import read_listening
from climb.systems.scanner.host.system import read_load, read_system

__all__ = ["HostReport", "Unsupported", "describe", "render"]


def describe(files: Files | None = None) -> HostReport:
    """A report of this machine. What a container hides is None; without /proc, ``Unsupported`` is raised."""
    files = files or Files()
    if files.text("proc/self/stat") is None:
        raise Unsupported(
            f"there is no /proc on this system ({platform.system()}): the report is read from Linux's /proc and /sys"
        )
    return HostReport(
        taken_at=datetime.now(UTC),
        system=read_system(files),
        cpu=read_cpu(files),
        load=read_load(files),
        memory=read_memory(files),
        interfaces=read_interfaces(files),
        listeners=named(read_listening(files), read_owners(files)),
    )
