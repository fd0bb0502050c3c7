"""Each sensor's newest closed window as gauges, for Prometheus to fetch: a view, not a record.

What closes between two visits of Prometheus is overwritten; for every window there are the other sinks. A sensor that falls silent
keeps its last values, and ``processor_window_end_ms`` tells how old they are.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from climb.systems.processor.pipeline.errors import EdgeError
from climb.systems.processor.pipeline.model import Aggregate
from climb.systems.processor.sinks.following import Cursor, load_cursor, save_cursor
from climb.systems.processor.sinks.rows import Row

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["Prometheus"]


class Prometheus(Collector):
    """The sink of a ``prometheus`` part."""

    def __init__(self, port: int, aggregates: Sequence[Aggregate], cursor_file: Path) -> None:
        self._port = port
        self._names = (*aggregates, "end")
        self._cursor_file = cursor_file
        self._newest: dict[str, Row] = {}
        self._server: tuple[WSGIServer, threading.Thread] | None = None

    async def open(self) -> str | None:
        """Listen on 127.0.0.1."""
        if self._server is None:
            registry = CollectorRegistry()
            registry.register(self)
            try:
                self._server = start_http_server(self._port, "127.0.0.1", registry)
            except OSError as error:
                raise EdgeError(f"Prometheus' port {self._port} can't be used: {error.strerror}") from error
        was = load_cursor(self._cursor_file)
        return was.cursor if was else None

    async def write(self, rows: Sequence[Row], cursor: str) -> None:
        """Show these windows from now on."""
        self._newest |= {row.sensor: row for row in rows}
        save_cursor(self._cursor_file, Cursor(cursor))

    def collect(self) -> Iterator[Metric]:
        """The gauges, one family for each aggregate."""
        newest = list(self._newest.values())  # the loop's thread may add to the table meanwhile
        for name in self._names:
            title = f"processor_window_{'end_ms' if name == 'end' else name}"
            family = GaugeMetricFamily(title, f"{name} of the sensor's newest closed window", labels=["sensor"])
            for row in newest:
                family.add_metric([row.sensor], float(getattr(row, name)))
            yield family

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            server, thread = self._server
            self._server = None
            server.shutdown()
            thread.join()
            server.server_close()
