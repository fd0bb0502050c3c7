"""The many ways to write one address, as the clients of a short link read them (WHATWG URL, 3.5 "IPv4 parser"; RFC 4291, 2.2)."""

from __future__ import annotations

import random
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

__all__ = ["V4_WAYS", "V6_WAYS", "spelled_v6"]

_WAYS_OF_A_NUMBER: tuple[Callable[[int], str], ...] = (str, "0{:o}".format, "0x{:x}".format, "0X{:02X}".format)


def _parts(address: IPv4Address, count: int) -> list[int]:
    """The address as so many numbers, the last one holding what is left (inet_aton(3))."""
    octets = list(address.packed)
    return [*octets[: count - 1], int.from_bytes(bytes(octets[count - 1 :]))]


def _written(address: IPv4Address, count: int, numbers: Callable[[int], str]) -> str:
    return ".".join(numbers(part) for part in _parts(address, count))


def _mixed(address: IPv4Address, rng: random.Random) -> str:
    return ".".join(rng.choice(_WAYS_OF_A_NUMBER)(part) for part in _parts(address, rng.randint(1, 4)))


# Each in words, and how an address is written so; all but the first need more than four decimal numbers to be understood.
V4_WAYS: dict[str, Callable[[IPv4Address, random.Random], str]] = {
    "with a dot at its end": lambda address, _: f"{address}.",
    "as one number": lambda address, _: _written(address, 1, str),
    "as two numbers": lambda address, _: _written(address, 2, str),
    "as three numbers": lambda address, _: _written(address, 3, str),
    "in octal digits": lambda address, _: _written(address, 4, "0{:o}".format),
    "in hexadecimal digits": lambda address, _: _written(address, 4, "0x{:x}".format),
    "as one hexadecimal number": lambda address, _: _written(address, 1, "0x{:08x}".format),
    "as one octal number": lambda address, _: _written(address, 1, "0{:o}".format),
    "in a mixture": _mixed,
}

# An IPv4 address within an IPv6 address.
V6_WAYS: dict[str, Callable[[IPv4Address], str]] = {
    "mapped, with dots": lambda address: f"::ffff:{address}",
    "mapped, in hexadecimal digits": lambda address: f"::ffff:{_hextets(address)}",
    "mapped, in upper case": lambda address: f"::FFFF:{_hextets(address).upper()}",
    "mapped, with all zeros": lambda address: f"0:0:0:0:0:ffff:{_hextets(address)}",
    "mapped, with leading zeros": lambda address: f"0000:0000:0000:0000:0000:ffff:{_hextets(address, '04x')}",
}


def _hextets(address: IPv4Address, form: str = "x") -> str:
    number = int(address)
    return f"{number >> 16:{form}}:{number & 0xFFFF:{form}}"


def spelled_v6(address: IPv6Address, rng: random.Random) -> str:
    """An IPv6 address in one of its spellings: compressed or not, in upper or lower case."""
    text = rng.choice((address.compressed, address.exploded))
    return rng.choice((text, text.upper()))
