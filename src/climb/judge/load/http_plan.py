"""What load over HTTP is to be sent, and what the judge and the process that sends it tell each other."""

from __future__ import annotations

from enum import Enum

import msgspec

from climb.judge.load.histogram import Histogram

__all__ = ["Arrivals", "HttpEnded", "HttpKind", "HttpOrder", "HttpPlan", "HttpRequest", "HttpSlice", "SlowAnswer"]

_LONGEST_S = 3600.0


class Arrivals(Enum):
    """When requests come, at a rate: each a same time after the one before, or independently of one another."""

    EVEN = "even"
    POISSON = "poisson"


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One of the requests to choose from, as it is sent. One with twice the ``weight`` is chosen twice as often.

    The method is told because nobody can see from an answer to HEAD where it ends. ``name`` stands for it in results.
    """

    data: bytes
    name: str
    method: str = "GET"
    weight: float = 1.0


class HttpPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Requests over so many connections that stay open, for so many seconds.

    With a rate they leave when it is their time, whether earlier ones are answered or not (open loop). One for which no connection is
    free waits, and its latency counts from its own time. Without a rate each connection sends its next request when the last one is
    answered (closed loop): that measures how much a program can do, and not how long its clients wait.

    At the end answers are waited for, ``patience_s`` at most. ``slice_s`` is how finely the result is told over time.
    """

    requests: tuple[HttpRequest, ...]
    seconds: float
    rate_per_s: float | None = None
    connections: int = 64
    arrivals: Arrivals = Arrivals.POISSON
    seed: int = 0
    slice_s: float = 1.0
    patience_s: float = 10.0

    def __post_init__(self) -> None:
        """Raises ValueError for a plan that means nothing."""
        if not self.requests or any(not request.data or request.weight <= 0 for request in self.requests):
            raise ValueError("a plan needs requests that are not empty, with weights above 0")
        if not 0 < self.seconds + self.patience_s <= _LONGEST_S or self.patience_s < 0 or self.seconds <= 0:
            raise ValueError(f"a load takes more than 0 s, and with its patience {_LONGEST_S:g} s at most")
        if self.connections < 1 or self.slice_s <= 0 or (self.rate_per_s is not None and self.rate_per_s <= 0):
            raise ValueError("connections, slices and rates are above 0")


class HttpOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, where to, and who is told."""

    host: str
    port: int
    plan: HttpPlan
    parent: int


class HttpKind(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of the requests: how often each status, and the latencies of the answered and of those still waiting at the end."""

    by_status: dict[int, int]
    latencies: Histogram


class HttpSlice(msgspec.Struct, frozen=True, kw_only=True):
    """The same for all requests whose time was in one slice."""

    number: int
    latencies: Histogram


class SlowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One of the slowest: when its time was (monotonic, or since the check began), its latency, which request, which status (0: none)."""

    at: float
    latency_ms: float
    request: int
    status: int


class HttpEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The result of a plan."""

    started: float
    ended: float
    idle_s: float  # in which processors had nothing to do between the two, all processors together
    cpu_s: float  # of the sending process itself
    kept_waiting_s: float  # in which it could have run, and others had the processors
    sent: int
    unanswered: int  # sent, and neither answered nor failed at the end
    unsent: int  # whose time had come, and for which no connection was free up to the end
    errors: dict[str, int]  # what became of requests that were sent and lost
    connects_failed: dict[str, int]
    connects: int
    lateness: Histogram  # by which the process itself was late: a connection was free, and the time had come
    kinds: tuple[HttpKind, ...]
    slices: tuple[HttpSlice, ...]
    slowest: tuple[SlowAnswer, ...]
