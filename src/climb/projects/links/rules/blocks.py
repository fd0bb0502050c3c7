"""Which addresses lead into a private network: IANA's two special-purpose registries, as far as they say so without a doubt.

A block within a block counts for itself, so the smallest one around an address decides. Blocks where the registry says "N/A" are of
another kind (6to4, Teredo), and no check asks for them.
"""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["PRIVATE_V4", "PRIVATE_V6", "PUBLIC_V4", "PUBLIC_V6", "Reach", "reach", "some_address", "some_address_v6"]

Reach: TypeAlias = Literal["private", "public", "unclear"]

# "Globally reachable" is false. https://www.iana.org/assignments/iana-ipv4-special-registry
PRIVATE_V4 = MappingProxyType(
    {
        "0.0.0.0/8": "this network (RFC 791)",
        "10.0.0.0/8": "private use (RFC 1918)",
        "100.64.0.0/10": "shared address space behind a provider (RFC 6598)",
        "127.0.0.0/8": "loopback (RFC 1122)",
        "169.254.0.0/16": "link local (RFC 3927), where clouds keep a machine's credentials",
        "172.16.0.0/12": "private use (RFC 1918)",
        "192.0.0.0/24": "protocol assignments (RFC 6890)",
        "192.0.2.0/24": "documentation (RFC 5737)",
        "192.168.0.0/16": "private use (RFC 1918)",
        "198.18.0.0/15": "benchmarking (RFC 2544)",
        "198.51.100.0/24": "documentation (RFC 5737)",
        "203.0.113.0/24": "documentation (RFC 5737)",
        "240.0.0.0/4": "reserved (RFC 1112)",
    }
)
# https://www.iana.org/assignments/iana-ipv6-special-registry
PRIVATE_V6 = MappingProxyType(
    {
        "::/128": "the unspecified address (RFC 4291)",
        "::1/128": "loopback (RFC 4291)",
        "64:ff9b:1::/48": "translation for local use (RFC 8215)",
        "100::/64": "discard only (RFC 6666)",
        "2001:2::/48": "benchmarking (RFC 5180)",
        "2001:db8::/32": "documentation (RFC 3849)",
        "3fff::/20": "documentation (RFC 9637)",
        "5f00::/16": "segment routing (RFC 9602)",
        "fc00::/7": "unique local (RFC 4193)",
        "fe80::/10": "link local (RFC 4291)",
    }
)
# In none of the registries, right beside blocks that are, and well away from them.
PUBLIC_V4 = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
)
PUBLIC_V6 = ("2606:4700:4700::1111", "2a00:1450:4001:800::200e", "2001:db7:ffff::1", "2001:db9::1", "2620:0:2d0:200::7")

_UNCLEAR = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # some of its addresses are reachable, and drawn ones must not hit them
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "224.0.0.0/4",  # multicast has a registry of its own
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "2001::/23",
        "2002::/16",
        "fec0::/10",
        "ff00::/8",
    )
)


def reach(address: IPv4Address | IPv6Address) -> Reach:
    """What the registries say of an address; an IPv4 address within an IPv6 address is judged by itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return "private" if reach(address.ipv4_mapped) == "private" else "unclear"
    named = PRIVATE_V4 if isinstance(address, IPv4Address) else PRIVATE_V6
    if any(address in ip_network(block) for block in named):
        return "private"
    return "unclear" if any(address in block for block in _UNCLEAR if block.version == address.version) else "public"


def some_address(rng: random.Random, block: str) -> IPv4Address:
    """A random address of a block; of that for protocol assignments, one of its private ones."""
    network = IPv4Network(block)
    if block == "192.0.0.0/24":
        return IPv4Address(rng.choice(("192.0.0.1", "192.0.0.8", "192.0.0.170")))
    return network[rng.randrange(network.num_addresses)]


def some_address_v6(rng: random.Random, block: str) -> IPv6Address:
    """A random address of a block."""
    network = IPv6Network(block)
    return network[rng.randrange(network.num_addresses)]
