"""What a report shows of requests with tokens: the token by its beginning, and a line for a shell that takes it from a variable."""

from __future__ import annotations

import re

from climb.judge.drivers.http1 import Sent, by_hand

__all__ = ["line_by_hand", "shortened"]

_JWT = re.compile(rb"(eyJ[0-9A-Za-z_-]{5})[0-9A-Za-z_-]*\.[0-9A-Za-z_-]+\.?[0-9A-Za-z_-]*")
_BEARER = re.compile(rb"(Authorization: Bearer )[^\r\n]+")
_IN_A_LINE = "'Authorization: Bearer TOKEN'"


def shortened(data: bytes) -> bytes:
    """The same with each JWT cut down to its first letters."""
    return _JWT.sub(rb"\1...", data)


def line_by_hand(data: bytes, *, port: str, source: str | None = None) -> str:
    """The request as a line for a shell, from a client address if one is given; empty if there is none."""
    line = by_hand([Sent(_BEARER.sub(rb"\1TOKEN", data))], port=port)
    line = line.replace(_IN_A_LINE, '"Authorization: Bearer $TOKEN"')
    if source is None:
        return line
    return line.replace("curl -si", f"curl -si --interface {source}", 1).replace("| nc ", f"| nc -s {source} ", 1)
