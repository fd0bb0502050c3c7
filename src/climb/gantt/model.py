"""Who used what when: rows of labelled spans on one axis of time."""

from __future__ import annotations

import msgspec

__all__ = ["Row", "Span"]


class Span(msgspec.Struct, frozen=True):
    """From ``start`` up to and without ``end``, in the chart's unit. Spans with the same label look the same."""

    start: int
    end: int
    label: str


class Row(msgspec.Struct, frozen=True):
    """One line of a chart: what it is about, and its spans in order, none overlapping another."""

    label: str
    spans: tuple[Span, ...]
