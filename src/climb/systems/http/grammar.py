"""The characters of HTTP, as regular expressions over bytes (RFC 9110, 5.5 and 5.6.2; RFC 9112, 3 to 5; RFC 3986, 3.2.2).

Repetitions are possessive, and no two neighbours share a character, so matching takes time in proportion to the bytes, whatever
these are.
"""

from __future__ import annotations

import ipaddress
import re

__all__ = ["BARE_END", "EMPTY_LINES", "FIELD", "FIELD_LINES", "REQUEST_LINE", "TOKEN", "VALUE", "is_host"]

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
_FIELD = rb"(" + TOKEN + rb"):(" + VALUE + rb")\r\n"

REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!\"$-~]++) HTTP/([0-9])\.([0-9])\r\n")
FIELD = re.compile(_FIELD)
FIELD_LINES = re.compile(
    rb"(?:" + _FIELD.replace(b"(", b"(?:") + rb")*+"
)  # groups would cost, and keep only the last line
EMPTY_LINES = re.compile(rb"(?:\r\n)*+")
BARE_END = re.compile(rb"(?<!\r)\n|\r(?=[^\n])")  # LF without CR; CR without LF, once that is known

_HOST = re.compile(
    rb"(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})++|\[([0-9A-Fa-f:.]++)\]|\[v[0-9A-Fa-f]++\.[A-Za-z0-9\-._~!$&'()*+,;=:]++\])(?::[0-9]*+)?",
    re.IGNORECASE,
)


def is_host(text: bytes) -> bool:
    """Tell whether this is a name or an address, with a port or without."""
    match = _HOST.fullmatch(text)
    if match is None:
        return False
    address = match[1]
    return address is None or _is_ipv6(address.decode("ascii"))


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
