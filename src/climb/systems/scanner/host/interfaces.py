"""Network interfaces: their addresses, state and traffic."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from climb.systems.scanner.host.report import Address, Interface

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from climb.systems.scanner.host.files import Files

    class Assigned(Protocol):
        """One address of an interface, as psutil reports it."""

        @property
        def family(self) -> int: ...
        @property
        def address(self) -> str: ...
        @property
        def netmask(self) -> str | None: ...


__all__ = ["addresses_of", "parse_net_dev", "prefix_of", "read_interfaces", "state_of"]

_IFF_UP = 0x1  # linux/if.h
_NO_MAC = "00:00:00:00:00:00"  # of the loopback interface


def read_interfaces(files: Files) -> list[Interface]:
    assigned = _assigned()
    traffic = parse_net_dev(files.text("proc/self/net/dev") or "")
    return [
        _interface(files, name, assigned.get(name, ()), traffic.get(name, (None, None)))
        for name in sorted({*traffic, *assigned}, key=lambda name: (name != "lo", name))
    ]


def _assigned() -> Mapping[str, Iterable[Assigned]]:
    """The addresses by interface. The kernel hands them out over netlink only, so psutil asks for us."""
    import psutil

    addresses: Mapping[str, Iterable[Assigned]] = psutil.net_if_addrs()
    return addresses


def _interface(
    files: Files, name: str, assigned: Iterable[Assigned], traffic: tuple[int, int] | tuple[None, None]
) -> Interface:
    folder = f"sys/class/net/{name}"
    mac = files.text(f"{folder}/address")
    received, sent = traffic
    return Interface(
        name=name,
        state=state_of(files.text(f"{folder}/operstate"), files.text(f"{folder}/flags")),
        mac=None if mac == _NO_MAC else mac,
        mtu=files.number(f"{folder}/mtu"),
        ipv4=addresses_of(assigned, socket.AF_INET),
        ipv6=addresses_of(assigned, socket.AF_INET6),
        rx_bytes=received,
        tx_bytes=sent,
    )


def parse_net_dev(text: str) -> dict[str, tuple[int, int]]:
    """Bytes received and sent by each interface, from /proc/net/dev: two lines of headings, then a line each."""
    traffic: dict[str, tuple[int, int]] = {}
    for line in text.splitlines()[2:]:
        name, colon, counters = line.rpartition(":")  # an alias holds a colon of its own
        match counters.split():
            case [received, *_] as fields if colon and len(fields) >= 9:
                traffic[name.strip()] = (int(received), int(fields[8]))
    return traffic


def state_of(operstate: str | None, flags: str | None) -> str | None:
    """RFC 2863's state. Drivers that keep none say "unknown" (loopback does), where the administrative flag decides."""
    if operstate != "unknown" or flags is None:
        return operstate
    return "up" if int(flags, 16) & _IFF_UP else "down"


def addresses_of(assigned: Iterable[Assigned], family: int) -> list[Address]:
    """The addresses of one family, without the zone that repeats the interface's name."""
    return [
        Address(address=one.address.partition("%")[0], prefix=prefix_of(one.netmask))
        for one in assigned
        if one.family == family
    ]


def prefix_of(netmask: str | None) -> int | None:
    """``255.255.255.0`` is 24."""
    return int(ipaddress.ip_address(netmask)).bit_count() if netmask else None
