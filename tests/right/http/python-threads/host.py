"""The host that a request is for (RFC 9110, 7.2)."""

import ipaddress
import re

from refused import Refused

PORT = rb"(:[0-9]*)?"
NAME = re.compile(rb"([A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+" + PORT)  # an address of IPv4 looks like a name
ADDRESS = re.compile(rb"\[([0-9A-Fa-f:.]+)\]" + PORT)


def is_host(text: bytes) -> bool:
    if address := ADDRESS.fullmatch(text):
        return is_ipv6(address[1].decode("ascii"))
    return NAME.fullmatch(text) is not None


def is_ipv6(text) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def check_host(fields, version):
    hosts = fields.all("host")
    if version >= (1, 1) and not hosts:
        raise Refused(400, "a request of HTTP/1.1 has a Host")
    if len(hosts) > 1:
        raise Refused(400, "a request has one Host")
    if hosts and hosts[0] and not is_host(hosts[0].encode("latin-1")):
        raise Refused(400, "Host is a host with an optional port")
