"""Operating system, kernel, uptime."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from climb.systems.scanner.host.report import Load, System

if TYPE_CHECKING:
    from climb.systems.scanner.host.files import Files

__all__ = ["parse_boot_time", "parse_load", "parse_os_release", "parse_uptime", "read_load", "read_system"]


def read_system(files: Files) -> System:
    # os-release(5): the copy in /etc comes first.
    release = parse_os_release(files.text("etc/os-release") or files.text("usr/lib/os-release") or "")
    return System(
        hostname=files.text("proc/sys/kernel/hostname"),
        os=release.get("PRETTY_NAME") or release.get("NAME"),
        os_id=release.get("ID"),
        os_version=release.get("VERSION_ID"),
        kernel=files.text("proc/sys/kernel/osrelease"),
        architecture=os.uname().machine or None,
        machine=files.text("sys/class/dmi/id/product_name") or _device_tree(files),
        uptime_s=parse_uptime(files.text("proc/uptime") or ""),
        booted_at=parse_boot_time(files.text("proc/stat") or ""),
    )


def read_load(files: Files) -> Load | None:
    return parse_load(files.text("proc/loadavg") or "")


def parse_os_release(text: str) -> dict[str, str]:
    """The assignments of os-release(5), unquoted; lines that are none are skipped."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.isidentifier():
            values[name] = _unquoted(value)
    return values


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # a quote that never closes
        return value


def parse_uptime(text: str) -> float | None:
    """The first figure of /proc/uptime: seconds since the start."""
    try:
        return float(text.split(maxsplit=1)[0])
    except (IndexError, ValueError):
        return None


def parse_boot_time(text: str) -> datetime | None:
    """The ``btime`` line of /proc/stat."""
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == "btime" and value.isdecimal():
            return datetime.fromtimestamp(int(value), UTC)
    return None


def parse_load(text: str) -> Load | None:
    """The three averages of /proc/loadavg."""
    try:
        one, five, fifteen = map(float, text.split()[:3])
    except ValueError:
        return None
    return Load(minute=one, five_minutes=five, fifteen_minutes=fifteen)


def _device_tree(files: Files) -> str | None:
    """The name of a board without DMI; the kernel ends it with a NUL."""
    model = files.text("proc/device-tree/model")
    return model.rstrip("\0") if model else None
