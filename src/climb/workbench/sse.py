"""Server-sent events, as the HTML standard frames them (section 9.2.6)."""

from __future__ import annotations

import re

__all__ = ["PING", "event"]

PING = b": still here\n\n"
_LINE_END = re.compile(r"\r\n|\r|\n")  # and no other: a program's output may hold what Python takes for one


def event(name: str, data: str) -> bytes:
    """One event; each line of ``data`` gets a field of its own."""
    lines = "".join(f"data: {line}\n" for line in _LINE_END.split(data.rstrip("\r\n")))
    return f"event: {name}\n{lines}\n".encode()
