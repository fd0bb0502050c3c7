"""Which IP addresses are reachable from everywhere, by IANA's registries of special-purpose addresses (RFC 6890).

Python's own ``is_global`` has changed between versions, and says nothing of an IPv4 address within an IPv6 one. So the blocks that
are not globally reachable stand here as the registries have them, with the exceptions within them, and an address that carries
another one is as private as that.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["is_global"]

# iana-ipv4-special-registry; and multicast, which is no place to send a browser to.
_NOT_GLOBAL_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
_GLOBAL_4 = (IPv4Network("192.0.0.9/32"), IPv4Network("192.0.0.10/32"))
# iana-ipv6-special-registry, and what no global unicast address begins with (RFC 4291, 2.4).
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_GLOBAL_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_GLOBAL_6 = tuple(
    map(
        IPv6Network,
        (
            "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28",
        ),
    )
)  # fmt: skip
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TRANSLATED = IPv6Network("64:ff9b::/96")


def is_global(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is globally reachable, and so is every address that it carries."""
    if isinstance(address, IPv4Address):
        return _is_in(address, _GLOBAL_4) or not _is_in(address, _NOT_GLOBAL_4)
    carried = list(_carried(address))
    if address.ipv4_mapped is not None or address in _TEREDO:
        return False  # the one never leaves a machine; the other is no address to lead anybody to
    if address in _TRANSLATED or address in _SIX_TO_FOUR:
        return all(is_global(inner) for inner in carried)
    if address not in _UNICAST_6:
        return False
    return _is_in6(address, _GLOBAL_6) or not _is_in6(address, _NOT_GLOBAL_6)


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    if address in _TRANSLATED:  # RFC 6052
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:  # RFC 3056
        yield address.sixtofour


def _is_in(address: IPv4Address, blocks: tuple[IPv4Network, ...]) -> bool:
    return any(address in block for block in blocks)


def _is_in6(address: IPv6Address, blocks: tuple[IPv6Network, ...]) -> bool:
    return any(address in block for block in blocks)
