"""A timeline as rows of a chart: one for each processor."""

from __future__ import annotations

from collections.abc import Iterable

from climb.gantt.model import Row, Span
from climb.systems.scheduler.model import Segment

__all__ = ["rows_of"]


def rows_of(timeline: Iterable[Segment], cpus: int, *, prefix: str = "") -> list[Row]:
    """Each processor's segments, from 0; ``prefix`` tells the rows of several timelines apart."""
    spans: list[list[Span]] = [[] for _ in range(cpus)]
    for segment in timeline:
        spans[segment.cpu].append(Span(segment.start, segment.end, segment.task))
    return [Row(f"{prefix}cpu {cpu}", tuple(own)) for cpu, own in enumerate(spans)]
