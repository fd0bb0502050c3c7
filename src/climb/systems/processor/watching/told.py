"""What a processor tells of itself. What the contract asks for must be there; what ours tells besides may be missing."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Closed", "Page", "Stats", "Worker"]

_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Worker(Struct, frozen=True):
    """One worker: what it counted since the start, and what it holds now."""

    readings: _Count
    readings_per_second: float
    connections: _Count
    sensors: _Count
    open_windows: _Count
    commits: _Count
    unacknowledged_bytes: _Count


class Stats(Struct, frozen=True):
    """``GET /stats``."""

    accepted: _Count
    late: _Count
    duplicates: _Count
    rejected: _Count
    sensors: _Count
    windows_closed: _Count
    watermark: int | None
    workers: Annotated[int, Meta(ge=1, le=64)]
    percentile_error: float
    uptime_seconds: float | None = None
    readings_per_second: float | None = None
    bytes_per_second: float | None = None
    connections: _Count | None = None
    open_windows: _Count | None = None
    lag_p50_ms: float | None = None
    lag_p99_ms: float | None = None
    recovery_seconds: float | None = None
    replayed: _Count | None = None
    window_ms: Annotated[int, Meta(ge=1)] | None = None
    slide_ms: Annotated[int, Meta(ge=1)] | None = None
    durable: bool | None = None
    by_worker: Annotated[tuple[Worker, ...], Meta(max_length=64)] = ()

    @property
    def seen(self) -> int:
        """The lines that were worked on, by the counters that every processor has."""
        return self.accepted + self.late + self.duplicates + self.rejected


class Closed(Struct, frozen=True):
    """A closed window."""

    sensor: _Name
    start: int
    end: int
    count: _Count
    mean: float
    min: float
    max: float
    p50: float
    p95: float
    p99: float


class Page(Struct, frozen=True):
    """``GET /windows``."""

    windows: list[Closed]
    next: Annotated[str, Meta(max_length=200)] | None = None
