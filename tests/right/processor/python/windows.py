"""The open windows of the sensors that one worker owns."""

import heapq
import json
import sys

from sketch import Sketch

LARGEST_FLOAT = sys.float_info.max


class Window:
    __slots__ = ("count", "total", "low", "high", "first_ts", "last_ts", "sketch")

    def __init__(self, ts, value):
        self.count = 0
        self.total = 0.0
        self.low = self.high = value
        self.first_ts = self.last_ts = ts
        self.sketch = Sketch()

    def add(self, ts, value):
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        self.first_ts = min(self.first_ts, ts)
        self.last_ts = max(self.last_ts, ts)
        self.sketch.add(value)

    def as_json(self, sensor, start, end):
        total = max(-LARGEST_FLOAT, min(self.total, LARGEST_FLOAT))  # JSON has no infinity
        estimates = self.sketch.percentiles(self.count, (50, 95, 99))
        p50, p95, p99 = (max(self.low, min(estimate, self.high)) for estimate in estimates)
        return json.dumps(
            {
                "sensor": sensor,
                "start": start,
                "end": end,
                "count": self.count,
                "sum": total,
                "min": self.low,
                "max": self.high,
                "mean": total / self.count,
                "p50": p50,
                "p95": p95,
                "p99": p99,
                "first_ts": self.first_ts,
                "last_ts": self.last_ts,
            }
        )


def starts_of(ts, window_ms, slide_ms):
    """The starts of the windows that a reading is in, the latest first; none is before 1970."""
    latest = ts - ts % slide_ms
    return range(latest, max(ts - window_ms, -1), -slide_ms)


class OpenWindows:
    def __init__(self, window_ms, slide_ms):
        self.window_ms = window_ms
        self.slide_ms = slide_ms
        self.closed_to = None  # windows that end here or before are closed
        self.by_start = {}
        self.starts = []  # a heap of the keys of by_start

    def add(self, sensor, ts, value):
        for start in starts_of(ts, self.window_ms, self.slide_ms):
            if self.closed_to is not None and start + self.window_ms <= self.closed_to:
                break
            self._window(start, sensor, ts, value).add(ts, value)

    def _window(self, start, sensor, ts, value):
        windows = self.by_start.get(start)
        if windows is None:
            windows = self.by_start[start] = {}
            heapq.heappush(self.starts, start)
        window = windows.get(sensor)
        if window is None:
            window = windows[sensor] = Window(ts, value)
        return window

    def close(self, closed_to):
        """Closes the windows that end here or before: (start, sensor, JSON) of each, in any order."""
        self.closed_to = closed_to
        closed = []
        while self.starts and self.starts[0] + self.window_ms <= closed_to:
            start = heapq.heappop(self.starts)
            for sensor, window in self.by_start.pop(start).items():
                closed.append((start, sensor, window.as_json(sensor, start, start + self.window_ms)))
        return closed

    def state(self):
        """Everything, one piece for each start, so that no copy of all is needed to write it."""
        yield self.closed_to
        yield from self.by_start.items()

    def restore(self, pieces, is_mine):
        """Takes what is mine out of pieces that any worker wrote."""
        self.closed_to = next(pieces)
        for start, windows in pieces:
            mine = {sensor: window for sensor, window in windows.items() if is_mine(sensor)}
            if mine and start not in self.by_start:
                heapq.heappush(self.starts, start)
            if mine:
                self.by_start.setdefault(start, {}).update(mine)
