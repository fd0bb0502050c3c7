"""What each request counts for, as Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.responses import Response

LABELS = ("method", "route", "status")
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}


class Metrics:
    def __init__(self):
        self.registry = CollectorRegistry()
        self.requests = Counter("http_requests", "Requests answered.", LABELS, registry=self.registry)
        self.seconds = Histogram("http_request_duration_seconds", "How long they took.", LABELS, registry=self.registry)

    def count(self, method: str, route: str, status: int, seconds: float):
        labels = (method if method in METHODS else "other", route, str(status))
        self.requests.labels(*labels).inc()
        self.seconds.labels(*labels).observe(seconds)


async def show_metrics(ask):
    return Response(generate_latest(ask.app.metrics.registry), media_type="text/plain; version=0.0.4")
