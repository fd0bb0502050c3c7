"""The ways to write an address: each is read as that address by those who are asked for it."""

from __future__ import annotations

import random
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest

from climb.projects.links.rules.spellings import V4_WAYS, V6_WAYS, spelled_v6

_ADDRESSES = ("127.0.0.1", "10.1.2.3", "192.168.255.254", "0.0.0.0", "8.8.8.8")


@pytest.mark.parametrize("way", V4_WAYS)
@pytest.mark.parametrize("address", _ADDRESSES)
def test_each_way_to_write_it_is_read_as_the_address(way: str, address: str) -> None:
    """inet_aton reads octal, hexadecimal and fewer parts (inet_aton(3)); a dot at the end is the URL's matter."""
    written = V4_WAYS[way](IPv4Address(address), random.Random(way + address))

    assert socket.inet_aton(written.removesuffix(".")) == IPv4Address(address).packed


@pytest.mark.parametrize("way", V6_WAYS)
@pytest.mark.parametrize("address", _ADDRESSES)
def test_each_way_to_put_it_into_ipv6_maps_it(way: str, address: str) -> None:
    """The IPv4 address is within the IPv6 address, in ::ffff:0:0/96."""
    assert IPv6Address(V6_WAYS[way](IPv4Address(address))).ipv4_mapped == IPv4Address(address)


@pytest.mark.parametrize("seed", range(8))
def test_an_ipv6_address_is_the_same_in_each_spelling(seed: int) -> None:
    """Zeros may be left out, and letters may be large."""
    rng = random.Random(seed)
    address = IPv6Address(rng.getrandbits(128))

    assert IPv6Address(spelled_v6(address, rng)) == address
