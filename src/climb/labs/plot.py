"""Plots as values: what to show, not how. The terminal, the page and the export draw them in their own ways.

Values are in the axis' unit. A ``Mark`` is a value pointed at across the whole plot, such as what was predicted.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from climb.labs.statistics import Estimate

__all__ = ["Axis", "Bar", "BarPlot", "Line", "LinePlot", "Mark", "Plot", "Point", "Span", "Strip", "StripPlot"]


class _Value(msgspec.Struct, frozen=True, kw_only=True):
    """What all parts share."""


class Axis(_Value, frozen=True):
    """A quantity and its unit; linear axes of lengths begin at zero, logarithmic ones where the data do.

    With ``percentiles`` the quantity is one, and each further nine has as much room as the one before: 0, 90, 99, 99.9.
    """

    label: str
    unit: str = ""
    log: bool = False
    percentiles: bool = False

    @property
    def name(self) -> str:
        """The quantity with its unit, as it is written at the axis."""
        return f"{self.label} in {self.unit}" if self.unit else self.label


class Mark(_Value, frozen=True):
    """A value to point at, and what it is: "you predicted 3 ×"."""

    value: float
    label: str


class Bar(_Value, frozen=True):
    """One length, and the interval in which its true value probably lies."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, label: str, estimate: Estimate) -> Bar:
        """An estimate as a bar."""
        return cls(label=label, value=estimate.value, low=estimate.low, high=estimate.high)


class Point(_Value, frozen=True):
    """One measured point of a line, and the interval in which its true value probably lies."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, x: float, estimate: Estimate) -> Point:
        """The point of an estimate at ``x``."""
        return cls(x=x, y=estimate.value, low=estimate.low, high=estimate.high)


class Span(_Value, frozen=True):
    """A stretch of the x axis in which something special was, and what."""

    start: float
    end: float
    label: str


class Line(_Value, frozen=True):
    """Points that belong together, in the order of x; the label stands at its end."""

    label: str
    points: tuple[Point, ...]


class Strip(_Value, frozen=True):
    """All single measurements of one condition, as dots on a row; the median is marked."""

    label: str
    values: tuple[float, ...]


class _Plot(_Value, frozen=True, tag_field="kind"):
    """What all plots share; ``alt`` says in a sentence or two what can be seen, with the numbers."""

    title: str
    alt: str
    marks: tuple[Mark, ...] = ()


class BarPlot(_Plot, frozen=True, kw_only=True, tag="bars"):
    """Lengths to compare, from zero. Marks are on the axis of the bars."""

    axis: Axis
    bars: tuple[Bar, ...]


class LinePlot(_Plot, frozen=True, kw_only=True, tag="lines"):
    """Quantities over another quantity. Marks are on the y axis, spans on the x axis."""

    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    spans: tuple[Span, ...] = ()


class StripPlot(_Plot, frozen=True, kw_only=True, tag="strips"):
    """How single measurements scatter. Marks are on the axis of the dots."""

    axis: Axis
    strips: tuple[Strip, ...]


Plot: TypeAlias = BarPlot | LinePlot | StripPlot
