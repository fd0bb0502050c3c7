"""The program's ends of connections, as the kernel lists them: whether one is still held, without reading what came over it."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from climb.judge.load.neighbours.line import Line

__all__ = ["FarEnds"]

_FRESH_S = 0.1
_ESTABLISHED = "01"  # include/net/tcp_states.h


class FarEnds:
    """Looks at all of them at once, ten times a second at most. Where the kernel does not tell, every end is held."""

    def __init__(self) -> None:
        self._seen_at = 0.0
        self._ends: frozenset[tuple[int, int]] | None = None

    def open(self, line: Line) -> bool:
        """Whether the program has not begun to close its end."""
        if self._seen_at < line.began or time.monotonic() - self._seen_at > _FRESH_S:
            self._seen_at = time.monotonic()
            self._ends = _established()
        return self._ends is None or (line.port, line.local_port) in self._ends


def _established() -> frozenset[tuple[int, int]] | None:
    """Pairs of ports, the own and the other's, also of those that listen for IPv6 and IPv4 together; None without /proc."""
    ends: set[tuple[int, int]] = set()
    found = False
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/net", name).read_text().splitlines()[1:]:
                _, own, other, state, *_ = line.split()
                if state == _ESTABLISHED:
                    ends.add((_port(own), _port(other)))
            found = True
    return frozenset(ends) if found else None


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
