from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from climb.systems.scanner.host import interfaces
from climb.systems.scanner.host.interfaces import addresses_of, parse_net_dev, prefix_of, read_interfaces, state_of
from climb.systems.scanner.host.report import Address, Interface

NET_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 524009532 12098114    0    0    0     0          0         0 524009533 12098114    0    0    0     0       0          0
eth0:1:261365858    9614    0    0    0     0          0         0   532071    5011    0    0    0     0       0          0
"""


def assigned(family: int, address: str, netmask: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(family=family, address=address, netmask=netmask)


def test_traffic_is_bytes_in_and_out() -> None:
    """The first and the ninth counter are bytes; a name may hold a colon, and a long number may touch it."""
    assert parse_net_dev(NET_DEV) == {"lo": (524009532, 524009533), "eth0:1": (261365858, 532071)}


@pytest.mark.parametrize(
    ("operstate", "flags", "state"),
    [
        ("up", "0x1003", "up"),
        ("down", "0x1003", "down"),
        ("unknown", "0x9", "up"),
        ("unknown", "0x8", "down"),
        ("unknown", None, "unknown"),
        (None, None, None),
    ],
)
def test_state_of_an_interface(operstate, flags, state) -> None:
    """The operational state counts; where a driver keeps none, the administrative flag decides."""
    assert state_of(operstate, flags) == state


@pytest.mark.parametrize(
    ("netmask", "prefix"), [("255.255.255.0", 24), ("ffff:ffff:ffff:ffff::", 64), ("0.0.0.0", 0), (None, None)]
)
def test_prefix_of_a_netmask(netmask, prefix) -> None:
    """The prefix is the number of ones."""
    assert prefix_of(netmask) == prefix


def test_addresses_lose_their_zone() -> None:
    """A link-local address is told without the interface's name behind it."""
    found = addresses_of(
        [
            assigned(socket.AF_INET6, "fe80::1%eth0", "ffff:ffff:ffff:ffff::"),
            assigned(socket.AF_INET, "192.0.2.2"),
        ],
        socket.AF_INET6,
    )

    assert found == [Address(address="fe80::1", prefix=64)]


def test_an_interface_without_sys_has_nulls(machine, monkeypatch) -> None:
    """Where /sys is not mounted, name, traffic and addresses are still told; the loopback interface comes first."""
    monkeypatch.setattr(
        interfaces, "_assigned", lambda: {"a0": [assigned(socket.AF_INET, "192.0.2.2", "255.255.255.0")]}
    )

    found = read_interfaces(machine({"proc/self/net/dev": NET_DEV}))

    assert [one.name for one in found] == ["lo", "a0", "eth0:1"]
    assert found[1] == Interface(name="a0", ipv4=[Address(address="192.0.2.2", prefix=24)])
    assert found[2] == Interface(name="eth0:1", rx_bytes=261365858, tx_bytes=532071)


def test_zeros_are_no_hardware_address(machine, monkeypatch) -> None:
    """The loopback interface has none, whatever the kernel prints."""
    monkeypatch.setattr(interfaces, "_assigned", dict)
    files = machine({"proc/self/net/dev": NET_DEV, "sys/class/net/lo/address": "00:00:00:00:00:00\n"})

    assert read_interfaces(files)[0].mac is None
