"""What a server saw: the evidence for claims about how a program behaves on the wire.

The counts err on one side only. A claim like "never more than N connections at once" must not blame a program that kept it, so
every count here is a lower bound of what the program did, and exact when the judge got enough processor time.

Connections are known from the kernel at any moment. Their bytes are known once a script has read them: ask for ``requests``,
``received`` and ``server_names`` after ``drained``.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Seen", "Visit"]

FIRST_BYTES = 4096  # of each connection, kept to show what the program asked
_CLOCK_GRAIN_S = 0.010  # the kernel counts a connection's age in ticks of at most 10 ms


@dataclass(eq=False, slots=True)
class Visit:
    """One connection, as the server saw it. Times are of ``time.monotonic``."""

    began: float
    ended: float | None = None
    ended_by_peer: bool = False
    received: int = 0
    sent: int = 0
    first: bytearray = field(default_factory=bytearray)
    server_name: str | None = None


class Seen:
    """Counters over the connections of one server, or of all servers of a world."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.at_once = 0
        self._open: set[Visit] = set()
        self._points: list[tuple[float, int]] = []
        self._start = time.monotonic()
        self._empty = asyncio.Event()
        self._empty.set()

    def __repr__(self) -> str:
        return f"Seen({self.connections} connections, {self.open_now} open, at most {self.at_once} at once)"

    def __str__(self) -> str:
        if self.connections < 2:
            return f"{self.connections or 'no'} connection"
        return f"{self.connections} connections, at most {self.at_once} open at once"

    @property
    def connections(self) -> int:
        """How many connections were accepted in total."""
        return len(self.visits)

    @property
    def open_now(self) -> int:
        """How many connections neither side has ended yet."""
        return len(self._open)

    @property
    def per_second(self) -> int:
        """The largest number of connections that began within any one second."""
        return most_within([visit.began for visit in self.visits], 1 - _CLOCK_GRAIN_S)

    @property
    def received(self) -> int:
        """Bytes read from all connections; with TLS, the encrypted ones."""
        return sum(visit.received for visit in self.visits)

    @property
    def sent(self) -> int:
        """Bytes that the kernel took for all connections; with TLS, the encrypted ones."""
        return sum(visit.sent for visit in self.visits)

    @property
    def requests(self) -> list[bytes]:
        """The first bytes of each connection that sent any and whose script read them; with TLS, decrypted."""
        return [bytes(visit.first) for visit in self.visits if visit.first]

    @property
    def server_names(self) -> list[str]:
        """The names that clients asked for in TLS (SNI), one for each connection that named one."""
        return [visit.server_name for visit in self.visits if visit.server_name is not None]

    @property
    def lives_s(self) -> list[float]:
        """How long each connection lived that the client ended."""
        return [v.ended - v.began for v in self.visits if v.ended is not None and v.ended_by_peer]

    @property
    def longest_s(self) -> float:
        """The longest life of a connection that the client ended or that is still open; 0 without any."""
        still_open = [time.monotonic() - visit.began for visit in self._open]
        return max([*self.lives_s, *still_open], default=0.0)

    def timeline(self) -> list[tuple[float, int]]:
        """Points of (seconds since the world began, connections open from then on); the highest is ``at_once``."""
        return [(at - self._start, count) for at, count in self._points]

    async def emptied(self, timeout_s: float) -> bool:
        """Wait until no connection is open; False if some still are after ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    def arrive(self, visit: Visit) -> None:
        """A connection was accepted. It counts from the next ``settle`` on, when it is known who left before."""
        self.visits.append(visit)
        self._open.add(visit)

    def leave(self, visit: Visit) -> None:
        """A connection ended, by either side."""
        self._open.discard(visit)

    def settle(self) -> None:
        """Count those who are here, at a moment when everyone who left is known to have left."""
        here = len(self._open)
        self.at_once = max(self.at_once, here, 1 if self.visits else 0)
        if not self._points or self._points[-1][1] != here:
            self._points.append((time.monotonic(), here))
        if here:
            self._empty.clear()
        else:
            self._empty.set()


def most_within(moments: Sequence[float], window_s: float) -> int:
    """The largest number of moments that lie within any half-open window of this length."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= window_s:
            first += 1
        most = max(most, last - first + 1)
    return most
