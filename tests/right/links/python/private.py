"""Addresses that are not globally reachable (IANA's special-purpose registries, RFC 6890)."""

import ipaddress

BLOCKED = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
REACHABLE = [
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.9/32",
        "192.0.0.10/32",
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:1::3/128",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:20::/28",
        "2001:30::/28",
    )
]
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_private(host) -> bool:
    if isinstance(host, str):
        return host == "localhost" or host.endswith(".localhost")
    inner = embedded(host)
    if inner is not None:
        return is_private(inner)
    return inside(host, BLOCKED) and not inside(host, REACHABLE)


def embedded(address):
    """The IPv4 address that an IPv6 address leads to."""
    if address.version == 4:
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def inside(address, networks) -> bool:
    return any(address.version == network.version and address in network for network in networks)
