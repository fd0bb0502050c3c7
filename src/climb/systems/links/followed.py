"""What is told of followings: counted in plain numbers, and handed to the metrics when somebody asks for them."""

from __future__ import annotations

from prometheus_client import Counter

from climb.stack.telemetry.metrics import Metrics

__all__ = ["Followed"]

_ROUTE = "/{code}"
_AT_ONCE = 2_000  # sorting them takes a fraction of a millisecond


class Followed:
    """Counts of followings that the metrics do not have yet."""

    def __init__(self, metrics: Metrics, hits: Counter) -> None:
        self._metrics = metrics
        self._hit_counter = hits
        self._durations: dict[tuple[str, int], list[float]] = {}
        self.hits = 0
        """answered from memory"""

    def add(self, method: str, status: int, seconds: float) -> None:
        """Count one."""
        durations = self._durations.get((method, status))
        if durations is None:
            durations = self._durations[method, status] = []
        durations.append(seconds)
        if len(durations) >= _AT_ONCE:
            self.hand_over()

    def hand_over(self) -> None:
        """Let the metrics have them."""
        self._hit_counter.inc(self.hits)
        self.hits = 0
        for (method, status), durations in self._durations.items():
            if durations:
                self._metrics.answered_all(method, _ROUTE, status, durations)
                durations.clear()
