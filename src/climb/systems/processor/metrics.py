"""The numbers of ``/stats`` in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from climb.systems.processor.numbers import Stats

__all__ = ["exposition"]


def exposition(stats: Stats) -> bytes:
    """Return the metrics that the contract names, and what shows whether the service keeps up."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(stats))
    return generate_latest(registry)


class _Metrics(Collector):
    """Gives the numbers of one moment."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self._stats
        yield CounterMetricFamily("processor_accepted", "Readings that count in a window, of all time", stats.accepted)
        yield CounterMetricFamily("processor_late", "Readings whose windows were all closed, of all time", stats.late)
        yield CounterMetricFamily("processor_duplicates", "Readings that came again, since the start", stats.duplicates)
        yield CounterMetricFamily("processor_rejected", "Lines that are no readings, since the start", stats.rejected)
        yield CounterMetricFamily("processor_windows_closed", "Windows shown, of all time", stats.windows_closed)
        yield CounterMetricFamily("processor_received_bytes", "Bytes read from senders, since the start", stats.bytes)
        yield CounterMetricFamily("processor_commits", "Times a log was synced, since the start", stats.commits)
        yield GaugeMetricFamily("processor_sensors", "Sensors known", stats.sensors)
        yield GaugeMetricFamily("processor_connections", "Connections with readings", stats.connections)
        yield GaugeMetricFamily("processor_open_windows", "Windows that are not closed yet", stats.open_windows)
        if stats.watermark is not None:
            yield GaugeMetricFamily("processor_watermark_ms", "How far event time has come", stats.watermark)
