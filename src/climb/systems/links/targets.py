"""Where a link may lead: shapes of addresses, and hosts that are private however they are written.

An IPv4 address has many spellings. Clients read a host as one when its last part is a number, by the rules of the WHATWG URL
standard (section 3.5, "host parsing"): parts in decimal, octal or hexadecimal, the last of which fills all bytes that are left. So it
is read here in the same way, and a host that ends in a number and is no address leads nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from climb.systems.links.private import is_global

__all__ = ["LONGEST", "Host", "host_of", "target_rule"]

LONGEST = 2048
_PRINTABLE = re.compile("[!-~]*")
_SCHEME = re.compile("(https?)://", re.IGNORECASE)
_AUTHORITY = re.compile("[^/?#]*")
_PORT = re.compile("[0-9]{0,5}")
_NAME = re.compile("[0-9A-Za-z._-]+")
_USUAL_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535
_LOOPBACK = IPv4Address("127.0.0.1")
_LOOPBACK_TOO = frozenset({IPv4Address("0.0.0.0"), IPv6Address("::")})  # Linux connects to itself


@dataclass(frozen=True)
class Host:
    """Whom an address leads to: a name in lower case without a dot at its end, or an IP address; and the port."""

    name: str | IPv4Address | IPv6Address
    port: int

    @property
    def is_private(self) -> bool:
        """Whether it is no name of the public internet, or no address there."""
        if isinstance(self.name, str):
            return self.name.rpartition(".")[2] == "localhost"
        return not is_global(self.name)

    @property
    def met(self) -> Host:
        """Who answers there: 127.0.0.1 has other names, and an IPv4 address can be written as one of IPv6."""
        name = self.name
        if isinstance(name, IPv6Address) and name.ipv4_mapped is not None:
            name = name.ipv4_mapped
        if name in _LOOPBACK_TOO or (isinstance(name, str) and self.is_private):
            name = _LOOPBACK
        return Host(name, self.port)


def target_rule(own: str, *, allow_private: bool) -> Callable[[str], str]:
    """What holds of the target of a link, for a service that is known under ``own``: the text itself, or ValueError with what is wrong."""
    home = host_of(own).met

    def target(text: str) -> str:
        if len(text) > LONGEST:
            raise ValueError(f"expected at most {LONGEST} characters")
        host = host_of(text)
        if host.met == home:
            raise ValueError("leads back to this service")
        if host.is_private and not allow_private:
            raise ValueError("leads into a private network")
        return text

    return target


def host_of(text: str) -> Host:
    """The host that an absolute http or https address leads to; ValueError says what is wrong with it."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("expected printable ASCII without spaces; others are percent-encoded")
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueError("expected an absolute address that begins with http:// or https://")
    found = _AUTHORITY.match(text, scheme.end())
    assert found is not None  # it may be empty
    authority = found[0]
    if "@" in authority:
        raise ValueError("expected no user name and no password")
    name, port = _split(authority)
    if not _PORT.fullmatch(port) or (port and int(port) > _LAST_PORT):
        raise ValueError("expected a port from 0 to 65535")
    return Host(_named(name), int(port) if port else _USUAL_PORTS[scheme[1].lower()])


def _split(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        name, bracket, rest = authority.partition("]")
        if not bracket or (rest and rest[0] != ":"):
            raise ValueError("expected a host")
        return name + bracket, rest[1:]
    name, _, port = authority.partition(":")
    return name, port


def _named(name: str) -> str | IPv4Address | IPv6Address:
    if name.startswith("["):
        return _ipv6(name[1:-1])
    if not _NAME.fullmatch(name) or not name.strip("."):
        raise ValueError("expected a host of letters, digits, '-', '_' and '.', or an IPv6 address in brackets")
    name = name.lower().rstrip(".")
    if _is_number(name.rpartition(".")[2]):
        return _ipv4(name)
    return name


def _ipv6(text: str) -> IPv6Address:
    if "%" in text:
        raise ValueError("expected an IPv6 address without a zone")
    try:
        return IPv6Address(text)
    except ValueError:
        raise ValueError("expected an IPv6 address in the brackets") from None


def _is_number(part: str) -> bool:
    return part.isdigit() or re.fullmatch("0x[0-9a-f]*", part) is not None


def _ipv4(name: str) -> IPv4Address:
    """The address that 1 to 4 numbers are: each but the last is a byte, and the last is the rest."""
    parts = name.split(".")
    numbers = [_number(part) for part in parts]
    if len(parts) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(parts)):
        raise ValueError("the host ends in a number and is no IPv4 address")
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number << 8 * (3 - place)
    return IPv4Address(value)


def _number(part: str) -> int:
    """Decimal, octal behind a 0, hexadecimal behind 0x, which alone is 0."""
    digits, base = part, 10
    if part.startswith("0x"):
        digits, base = part[2:], 16
    elif len(part) > 1 and part.startswith("0"):
        digits, base = part[1:], 8
    if not digits:
        if base == 16:
            return 0
        raise ValueError("the host ends in a number and is no IPv4 address")
    try:
        return int(digits, base)
    except ValueError:
        raise ValueError("the host ends in a number and is no IPv4 address") from None
