"""Hosts, however they are written (WHATWG URL, 3.5: a host whose last part is a number is an IPv4 address)."""

import ipaddress
import re

NAME = re.compile(r"[0-9A-Za-z._-]+")
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def host_of(text: str):
    """An address, or a name in lower case. Raises ValueError if it is neither."""
    if text.startswith("["):
        address = ipaddress.IPv6Address(text[1:-1])
        return address.ipv4_mapped or address
    if not NAME.fullmatch(text):
        raise ValueError("a host is letters, digits, -, _ and .")
    name = text.lower().removesuffix(".")
    if not name:
        raise ValueError("no host")
    return ipv4(name) if NUMBER.fullmatch(name.split(".")[-1]) else name


def ipv4(text: str) -> ipaddress.IPv4Address:
    """The last number stands for all bytes that are left."""
    *first, last = [number(part) for part in text.split(".")]
    if len(first) > 3 or any(byte > 255 for byte in first):
        raise ValueError("no IPv4 address")
    left = 4 - len(first)
    if last >= 256**left:
        raise ValueError("no IPv4 address")
    return ipaddress.IPv4Address(sum(byte << (24 - 8 * place) for place, byte in enumerate(first)) + last)


def number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    if len(text) > 1 and text.startswith("0"):
        return int(text, 8)
    if not text.isdigit():
        raise ValueError("no number")
    return int(text)
