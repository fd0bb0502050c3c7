"""The program's ends of connections, as the kernel lists them: whether one is still there, without reading what came over it."""

from __future__ import annotations

import time

from climb.judge.load.neighbours.line import Line
from climb.judge.tcp_table import ESTABLISHED, tcp_table

__all__ = ["FarEnds"]

_FRESH_S = 0.1


class FarEnds:
    """Looks at all of them at once, ten times a second at most. Where the kernel does not tell, every end is there."""

    def __init__(self) -> None:
        self._seen_at = 0.0
        self._ends: frozenset[tuple[int, int]] | None = None

    def open(self, line: Line) -> bool:
        """Whether the program has not begun to close its end, also if it has not accepted it yet."""
        if self._seen_at < line.began or time.monotonic() - self._seen_at > _FRESH_S:
            self._seen_at = time.monotonic()
            self._ends = _established()
        return self._ends is None or (line.port, line.local_port) in self._ends


def _established() -> frozenset[tuple[int, int]] | None:
    """Pairs of ports, the own and the other's, also of those that listen for IPv6 and IPv4 together; None without the kernel's word."""
    rows = tuple(tcp_table())
    ends = frozenset((_port(row.own), _port(row.other)) for row in rows if row.state == ESTABLISHED)
    return ends if rows else None


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
