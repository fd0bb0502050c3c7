"""What was counted, of all workers together: for ``/stats``, and through it for ``/metrics``."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from climb.systems.processor.engine.columns import ERROR
from climb.systems.processor.shared import LAG_BUCKETS, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from climb.systems.processor.coordinator import Coordinator
    from climb.systems.processor.results import Results
    from climb.systems.processor.settings import Settings

__all__ = ["MEMORY_BOUND_MIB", "Numbers", "Stats", "WorkerStats"]

MEMORY_BOUND_MIB = 900
_SAMPLES = 11  # half a second apart: a rate is over the last five


class WorkerStats(msgspec.Struct, frozen=True):
    """What one worker counted since the start, and what is open in it now."""

    readings: int
    readings_per_second: float
    connections: int
    sensors: int
    open_windows: int
    commits: int
    unacknowledged_bytes: int
    recovery_seconds: float


class Stats(msgspec.Struct, frozen=True):
    """The answer of ``/stats``."""

    accepted: int
    late: int
    duplicates: int
    rejected: int
    sensors: int
    windows_closed: int
    watermark: int | None
    workers: int
    percentile_error: float
    memory_bound_mib: int
    uptime_seconds: float
    readings: int
    readings_per_second: float
    bytes: int
    bytes_per_second: float
    connections: int
    open_windows: int
    log_bytes: int
    commits: int
    lag_p50_ms: float | None
    lag_p99_ms: float | None
    recovery_seconds: float
    window_ms: int
    slide_ms: int
    lateness_ms: int
    idle_ms: int
    durable: bool
    by_worker: list[WorkerStats]


class Numbers:
    """Reads the workers' words, and keeps a few earlier readings of them for rates."""

    def __init__(
        self, settings: Settings, counts: NDArray[np.int64], coordinator: Coordinator, results: Results, sensors: Any
    ) -> None:
        self._settings = settings
        self._counts = counts
        self._coordinator = coordinator
        self._results = results
        self._sensors = sensors  # the registry's names
        self._began = time.monotonic()
        self._samples: deque[tuple[float, NDArray[np.int64]]] = deque([(self._began, counts.copy())], maxlen=_SAMPLES)

    def sample(self) -> None:
        """Remember what is counted now; twice a second."""
        self._samples.append((time.monotonic(), self._counts.copy()))

    def stats(self) -> Stats:
        """Return all numbers of this moment."""
        settings, counts = self._settings, self._counts.copy()
        total = counts.sum(axis=0)
        at, before = self._samples[0]
        seconds = max(time.monotonic() - at, 1e-3)
        recent = counts - before
        lags = recent[:, Word.LAG : Word.LAG + LAG_BUCKETS].sum(axis=0)
        return Stats(
            accepted=int(total[Word.ACCEPTED]),
            late=int(total[Word.LATE]),
            duplicates=int(total[Word.DUPLICATES]),
            rejected=int(total[Word.REJECTED]),
            sensors=int(total[Word.SENSORS]),
            windows_closed=self._results.windows,
            watermark=self._coordinator.watermark,
            workers=settings.workers,
            percentile_error=ERROR,
            memory_bound_mib=MEMORY_BOUND_MIB,
            uptime_seconds=round(time.monotonic() - self._began, 3),
            readings=int(total[Word.READINGS]),
            readings_per_second=round(float(recent[:, Word.READINGS].sum()) / seconds, 1),
            bytes=int(total[Word.BYTES]),
            bytes_per_second=round(float(recent[:, Word.BYTES].sum()) / seconds, 1),
            connections=int(total[Word.CONNECTIONS]),
            open_windows=int(total[Word.OPEN_WINDOWS]),
            log_bytes=_bytes_of_logs(settings.data_dir),
            commits=int(total[Word.COMMITS]),
            lag_p50_ms=_lag_ms(lags, 0.5),
            lag_p99_ms=_lag_ms(lags, 0.99),
            recovery_seconds=round(float(counts[:, Word.RECOVERY_US].max()) / 1e6, 3),
            window_ms=settings.window_ms,
            slide_ms=settings.slide_ms,
            lateness_ms=settings.lateness_ms,
            idle_ms=settings.idle_ms,
            durable=settings.durable,
            by_worker=[_of_worker(*rows, seconds) for rows in zip(counts, recent, strict=True)],
        )


def _bytes_of_logs(data_dir: Path) -> int:
    total = 0
    for path in data_dir.glob("*/*/log-*"):
        with contextlib.suppress(FileNotFoundError):  # a snapshot has made it needless meanwhile
            total += path.stat().st_size
    return total


def _of_worker(counts: NDArray[np.int64], recent: NDArray[np.int64], seconds: float) -> WorkerStats:
    return WorkerStats(
        readings=int(counts[Word.READINGS]),
        readings_per_second=round(float(recent[Word.READINGS]) / seconds, 1),
        connections=int(counts[Word.CONNECTIONS]),
        sensors=int(counts[Word.SENSORS]),
        open_windows=int(counts[Word.OPEN_WINDOWS]),
        commits=int(counts[Word.COMMITS]),
        unacknowledged_bytes=int(counts[Word.UNACKNOWLEDGED]),
        recovery_seconds=round(float(counts[Word.RECOVERY_US]) / 1e6, 3),
    )


def _lag_ms(buckets: NDArray[np.int64], share: float) -> float | None:
    """Return the upper end of the bucket in which this share of the readings is reached."""
    total = int(buckets.sum())
    if not total:
        return None
    bucket = int(np.searchsorted(np.cumsum(buckets), share * total))
    return round((2.0 ** (bucket // 4)) * (1 + (bucket % 4 + 1) / 4) / 1000, 3)
