"""Where a processor answers. Only loopback is meant: a page that asks on behalf of others must not reach any further.

A name would have to be looked up, and whoever answers for it decides where we go; so only addresses count, and ``localhost``,
which is taken to be 127.0.0.1 (RFC 6761, section 6.3).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Address, ip_address

import msgspec

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import HTTP_PORT

__all__ = ["USUAL", "Address", "read_address"]

_LOOPBACK = IPv4Network("127.0.0.0/8")
_LOOPBACK_6 = IPv6Address("::1")
_FORM = re.compile(
    r"(?:http://)?(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[0-9A-Za-z.-]{1,80}))(?::(?P<port>[0-9]{1,5}))?/?",
    re.ASCII,
)
_REPEATED = 80  # characters of what was typed that a message repeats


class Address(msgspec.Struct, frozen=True):
    """A loopback address and a port."""

    host: str
    port: int

    @property
    def authority(self) -> str:
        """As an address in the browser and the Host header have it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"http://{self.authority}"


USUAL = Address("127.0.0.1", HTTP_PORT)


def read_address(text: str) -> Address:
    """The address that ``text`` means, such as ``http://127.0.0.1:7070``, ``localhost`` or ``7070``; raise EdgeError if it is none."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,5}", text, re.ASCII):
        text = f"127.0.0.1:{text}"
    found = _FORM.fullmatch(text)
    if found is None:
        raise EdgeError(f"{text[:_REPEATED]!r} is no address like {USUAL}")
    port = int(found["port"] or HTTP_PORT)
    if not 1 <= port <= 65535:
        raise EdgeError(f"{port} is no port: 1 to 65535")
    return Address(_loopback(found["six"] or found["host"]), port)


def _loopback(host: str) -> str:
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        address = ip_address(host)
    except ValueError:
        raise EdgeError(
            f"{host!r} is no address of this machine: 127.0.0.1, another of 127.0.0.0/8, or [::1]"
        ) from None
    if (address.version == 4 and address in _LOOPBACK) or address == _LOOPBACK_6:
        return str(address)
    raise EdgeError(f"{host} is another machine: only 127.0.0.0/8 and [::1] are asked")
