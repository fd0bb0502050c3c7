"""What becomes of the requests of a load, recorded as it happens: by request, by time, and the slowest."""

from __future__ import annotations

import heapq
from collections import Counter

from climb.judge.load.histogram import Recorder
from climb.judge.load.http_plan import HttpKind, HttpPlan, HttpSlice, SlowAnswer

__all__ = ["Records"]

_S = 1_000_000_000
_SLOWEST = 20


class Records:
    """What came of requests, recorded as it comes."""

    def __init__(self, plan: HttpPlan) -> None:
        self.errors: Counter[str] = Counter()
        self.lateness = Recorder()
        self._kinds = [(Counter[int](), Recorder()) for _ in plan.requests]
        self._slice_ns = int(plan.slice_s * _S)
        self._slices: dict[int, Recorder] = {}
        self._slowest: list[tuple[int, int, int, int]] = []
        self._slow_ns = -1  # what is not above it is none of the slowest

    def waited(self, due_ns: int, latency_ns: int, request: int, started_ns: int) -> None:
        """A request whose time was ``due_ns`` took, or has waited, so long."""
        self._kinds[request][1].record(latency_ns)
        number = (due_ns - started_ns) // self._slice_ns
        recorder = self._slices.get(number)
        if recorder is None:
            recorder = self._slices[number] = Recorder(2)
        recorder.record(latency_ns)

    def answered(self, due_ns: int, latency_ns: int, request: int, started_ns: int, status: int) -> None:
        """It was answered after so long."""
        self._kinds[request][0][status] += 1
        self.waited(due_ns, latency_ns, request, started_ns)
        if latency_ns > self._slow_ns:
            self.slow(due_ns, latency_ns, request, status)

    def slow(self, due_ns: int, latency_ns: int, request: int, status: int) -> None:
        """It may be one of the slowest."""
        push = heapq.heappush if len(self._slowest) < _SLOWEST else heapq.heappushpop
        push(self._slowest, (latency_ns, due_ns, request, status))
        if len(self._slowest) == _SLOWEST:
            self._slow_ns = self._slowest[0][0]

    def kinds(self) -> tuple[HttpKind, ...]:
        """By request."""
        return tuple(HttpKind(by_status=dict(statuses), latencies=each.histogram()) for statuses, each in self._kinds)

    def slices(self) -> tuple[HttpSlice, ...]:
        """By time."""
        return tuple(HttpSlice(number=n, latencies=each.histogram()) for n, each in sorted(self._slices.items()))

    def slowest(self) -> tuple[SlowAnswer, ...]:
        """The slowest first."""
        return tuple(
            SlowAnswer(at=due / _S, latency_ms=latency / 1e6, request=request, status=status)
            for latency, due, request, status in sorted(self._slowest, reverse=True)
        )
