"""What is counted for Prometheus."""

import time

from prometheus_client import Counter, Histogram

REQUESTS = Counter("http_requests_total", "Requests that were answered", ["method", "route", "status"])
DURATIONS = Histogram("http_request_duration_seconds", "How long that took", ["method", "route", "status"])
CACHE_REQUESTS = Counter("cache_requests_total", "Questions to the cache", ["result"])
_CHILDREN = {}


def observe(method: str, route: str, status: int, began: float):
    labels = (method, route, str(status))
    if labels not in _CHILDREN:
        _CHILDREN[labels] = REQUESTS.labels(*labels), DURATIONS.labels(*labels)
    requests, durations = _CHILDREN[labels]
    requests.inc()
    durations.observe(time.perf_counter() - began)
