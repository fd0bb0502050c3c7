"""Metrics for Prometheus: how many requests, how many of them failed, and how long they took (RED), by route."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["Metrics"]

_LABELS = ("method", "route", "status")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one service; its own counters join in the ``registry``."""

    def __init__(self, *, slow_s: float = 0.1) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._slow_s = slow_s
        self._requests = Counter("http_requests", "Requests answered.", _LABELS, registry=self.registry)
        self._durations = Histogram(
            "http_request_duration_seconds",
            "From the head to the last byte.",
            _LABELS,
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.before_reading: list[Callable[[], None]] = []
        """called before the metrics are read, by those who count for themselves until then"""

    def answered(
        self, method: str, route: str, status: int, seconds: float, trace: Mapping[str, str] | None = None
    ) -> None:
        """Count a request; a slow one that has a ``trace`` is an exemplar of its bucket (OpenMetrics 1.0)."""
        requests, durations = self._children(method if method in _METHODS else "other", route, status)
        requests.inc()
        durations.observe(seconds, dict(trace) if trace and seconds >= self._slow_s else None)

    def answered_all(self, method: str, route: str, status: int, seconds: Sequence[float]) -> None:
        """Count many requests at once, which is an order of magnitude cheaper than one by one."""
        requests, durations = self._children(method if method in _METHODS else "other", route, status)
        requests.inc(len(seconds))
        durations._sum.inc(sum(seconds))  # noqa: SLF001 - there is no public way to observe many
        ordered, before = sorted(seconds), 0
        for bound, bucket in zip(durations._upper_bounds, durations._buckets, strict=True):  # noqa: SLF001
            below = bisect_right(ordered, bound)
            bucket.inc(below - before)
            before = below

    def route(self) -> Route:
        """``/metrics``, as text or as OpenMetrics, whichever the reader asks for; exemplars are in the latter."""

        async def metrics(request: Request) -> Response:
            for gather in self.before_reading:
                gather()
            encode, media_type = choose_encoder(request.headers.get("accept", ""))
            return Response(encode(self.registry), headers={"Content-Type": media_type})

        return Route("/metrics", metrics)

    def _children(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Finding the child of three labels costs more than counting does."""
        key = (method, route, status)
        if (known := self._known.get(key)) is None:
            labels = (method, route, str(status))
            known = self._known[key] = (self._requests.labels(*labels), self._durations.labels(*labels))
        return known
