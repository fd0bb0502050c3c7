"""Server-sent events, as the HTML standard frames them (section 9.2.6)."""

from __future__ import annotations

__all__ = ["PING", "event"]

PING = b": still here\n\n"


def event(name: str, data: str) -> bytes:
    """One event; each line of ``data`` gets a field of its own."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()
