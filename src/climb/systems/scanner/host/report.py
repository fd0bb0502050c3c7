"""The overview of one machine, as plain values. What the machine does not tell is None."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["Address", "Cpu", "HostReport", "Interface", "Listener", "Load", "Memory", "Process", "System"]


class System(msgspec.Struct, frozen=True, kw_only=True):
    """What runs here, and since when."""

    hostname: str | None = None
    os: str | None = None  # "Debian GNU/Linux 12 (bookworm)"
    os_id: str | None = None  # "debian"
    os_version: str | None = None  # "12"
    kernel: str | None = None
    architecture: str | None = None
    machine: str | None = None  # what the firmware calls itself
    uptime_s: float | None = None
    booted_at: datetime | None = None


class Cpu(msgspec.Struct, frozen=True, kw_only=True):
    model: str | None = None
    logical: int | None = None  # what the scheduler sees: hardware threads that are online
    cores: int | None = None
    usable: int | None = None  # of the logical ones, those that this process may run on
    quota: float | None = None  # processors' worth of time that a control group grants, if it limits them
    mhz: float | None = None
    max_mhz: float | None = None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks ran or waited to, on average over the last 1, 5 and 15 minutes."""

    minute: float
    five_minutes: float
    fifteen_minutes: float


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    total_bytes: int | None = None
    available_bytes: int | None = None  # the kernel's estimate of what programs can still get
    limit_bytes: int | None = None  # what a control group grants, if it limits it
    swap_total_bytes: int | None = None
    swap_free_bytes: int | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    address: str
    prefix: int | None = None


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    state: str | None = None
    mac: str | None = None
    mtu: int | None = None
    ipv4: list[Address] = []
    ipv6: list[Address] = []
    rx_bytes: int | None = None
    tx_bytes: int | None = None


class Process(msgspec.Struct, frozen=True, kw_only=True, order=True):
    pid: int
    name: str | None = None


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A TCP socket that accepts connections, or a UDP socket that takes datagrams from anyone."""

    protocol: str  # "tcp" or "udp"
    address: str
    port: int
    user: str | None = None
    waiting: int | None = None  # TCP: connections in the accept queue, which the program has yet to fetch
    processes: list[Process] = []
    hidden: bool = False  # no process is named because other users' processes can't be looked into


class HostReport(msgspec.Struct, frozen=True, kw_only=True):
    taken_at: datetime
    system: System
    cpu: Cpu
    load: Load | None = None
    memory: Memory
    interfaces: list[Interface]
    listeners: list[Listener]
