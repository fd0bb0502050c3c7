"""What a run measured over time as a plot, the same for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator

from climb.judge.evidence import Latencies, Percentiles, Series
from climb.labs.plot import Axis, Line, LinePlot, Mark, Point, Span
from climb.labs.scale import figure, percentile

__all__ = ["latencies_plot", "series_plot"]

_FAR = 50.0  # times the smallest: on a linear axis nothing could be seen of all but the tail
_TOLD = (50.0, 90.0, 99.0, 99.9)


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


def latencies_plot(latencies: Latencies) -> LinePlot:
    """How long things took, over the percentile, with the limit that they should have kept."""
    limit = latencies.limit
    marks = () if limit is None else (Mark(value=limit, label=f"limit {_said(limit, latencies.unit)}"),)
    return LinePlot(
        title=latencies.subject,
        alt=_tails(latencies),
        marks=marks,
        x=Axis(label="percentile", percentiles=True),
        y=Axis(label=latencies.subject, unit=latencies.unit, log=_far_apart(latencies)),
        lines=tuple(
            Line(label=each.label, points=tuple(Point(x=at, y=value) for at, value in each.points))
            for each in latencies.curves
        ),
    )


def _far_apart(latencies: Latencies) -> bool:
    values = [value for curve in latencies.curves for _, value in curve.points if value > 0]
    return bool(values) and max(values) > _FAR * min(values)


def _tails(latencies: Latencies) -> str:
    """Of each curve a few percentiles and the largest value, and the limit."""
    limit = "" if latencies.limit is None else f" Limit {_said(latencies.limit, latencies.unit)}."
    told = [f"{curve.label}: {', '.join(_tail(curve, latencies.unit))}." for curve in latencies.curves]
    return f"{latencies.subject} by percentile. {' '.join(told) or 'No values.'}{limit}"


def _tail(curve: Percentiles, unit: str) -> Iterator[str]:
    for wanted in _TOLD:
        reached = [value for at, value in curve.points if at >= wanted]
        if reached:
            yield f"{percentile(wanted)} % within {_said(reached[0], unit)}"
    if curve.points:
        yield f"all within {_said(curve.points[-1][1], unit)}"


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
