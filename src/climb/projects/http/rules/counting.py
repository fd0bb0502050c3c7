"""What /count answers."""

from __future__ import annotations

__all__ = ["MOST_LINES", "MOST_PAUSE_MS", "WRONG_QUERIES", "lines"]

MOST_LINES = 10_000_000
MOST_PAUSE_MS = 60_000
WRONG_QUERIES = (
    "",
    "pause_ms=1",
    "to=",
    "to=x",
    "to=-1",
    "to=1.0",
    "to=0x10",
    "to=1e3",
    f"to={MOST_LINES + 1}",
    "to=99999999999999999999999",
    "TO=3",
    "to=3&pause_ms=",
    "to=3&pause_ms=x",
    "to=3&pause_ms=-1",
    "to=3&pause_ms=0.5",
    f"to=3&pause_ms={MOST_PAUSE_MS + 1}",
)


def lines(to: int) -> bytes:
    """The lines 1 to ``to``."""
    return b"".join(b"%d\n" % number for number in range(1, to + 1))
