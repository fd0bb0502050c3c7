"""The metrics of requests, as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from climb.stack.telemetry.metrics import Metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_requests_are_counted_and_timed_by_route() -> None:
    """Each with its method, the template of its route and its status."""
    metrics = Metrics()
    for seconds in (0.001, 0.2):
        metrics.answered("GET", "/v1/links/{code}", 200, seconds)
    labels = {"method": "GET", "route": "/v1/links/{code}", "status": "200"}

    assert value(metrics, "http_requests_total", **labels) == 2
    assert value(metrics, "http_request_duration_seconds_count", **labels) == 2
    assert value(metrics, "http_request_duration_seconds_sum", **labels) == 0.201
    assert value(metrics, "http_request_duration_seconds_bucket", le="0.1", **labels) == 1


def test_methods_that_nobody_knows_are_one() -> None:
    """Or else a stranger could make any number of series."""
    metrics = Metrics()
    for method in ("BREW", "STEAL"):
        metrics.answered(method, "unmatched", 405, 0.001)

    assert value(metrics, "http_requests_total", method="other", route="unmatched", status="405") == 2


def test_services_are_apart() -> None:
    """Two in one process count for themselves, as in tests."""
    one, other = Metrics(), Metrics()
    one.answered("GET", "/", 200, 0.1)

    assert value(other, "http_requests_total", method="GET", route="/", status="200") is None


async def test_the_text_is_what_prometheus_reads() -> None:
    """Its own parser finds the families."""
    metrics = Metrics()
    metrics.answered("GET", "/", 200, 0.1)
    from starlette.requests import Request

    response = await metrics.route().endpoint(Request({"type": "http", "headers": []}))
    families = {family.name for family in text_string_to_metric_families(bytes(response.body).decode())}

    assert {"http_requests", "http_request_duration_seconds", "process_resident_memory_bytes"} <= families
