"""What a run measured over time as a plot, the same for the terminal and for the page."""

from __future__ import annotations

from climb.judge.evidence import Series
from climb.labs.plot import Axis, Line, LinePlot, Mark, Point, Span
from climb.labs.scale import figure

__all__ = ["series_plot"]


def series_plot(series: Series) -> LinePlot:
    """A quantity over time, with the limit that it should have kept, and faults as spans."""
    limit = (
        () if series.limit is None else (Mark(value=series.limit, label=f"limit {_said(series.limit, series.unit)}"),)
    )
    return LinePlot(
        title=series.subject,
        alt=_alternative(series),
        marks=limit,
        x=Axis(label="time", unit="s"),
        y=Axis(label=series.subject, unit=series.unit),
        lines=tuple(
            Line(label=label, points=tuple(Point(x=at, y=value) for at, value in points))
            for label, points in _lines(series)
        ),
        spans=tuple(Span(start=each.start, end=each.end, label=each.label) for each in series.spans),
    )


def _lines(series: Series) -> list[tuple[str, tuple[tuple[float, float], ...]]]:
    unnamed = [("", series.points)] if series.points else []
    return [*unnamed, *((each.label, each.points) for each in series.lines)]


def _alternative(series: Series) -> str:
    """The largest value of each line, the limit, and when something was wrong."""
    said = [f"{series.subject} over time: {_largest(series)}{_limit(series)}."]
    said += [f"Shaded from {figure(each.start)} s to {figure(each.end)} s: {each.label}." for each in series.spans]
    return " ".join(said)


def _largest(series: Series) -> str:
    told = []
    for label, points in _lines(series):
        largest = max((value for _, value in points), default=0.0)
        told.append(f"{label} at most {_said(largest, series.unit)}".strip())
    return ", ".join(told) or "no values"


def _limit(series: Series) -> str:
    return "" if series.limit is None else f", limit {_said(series.limit, series.unit)}"


def _said(value: float, unit: str) -> str:
    return f"{figure(value)} {unit}".rstrip()
