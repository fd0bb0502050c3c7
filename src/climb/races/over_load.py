"""Latency over load as a plot: what a race over HTTP leaves beside its ratio."""

from __future__ import annotations

from collections.abc import Sequence

from climb.labs.plot import Axis, Line, LinePlot, Point

__all__ = ["over_load"]


def over_load(lines: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> LinePlot:
    """Lines with their names, each of points of (requests a second, milliseconds) in the order of the rates; at least one."""
    drawn = tuple(
        Line(label=label, points=tuple(Point(x=rate, y=latency_ms) for rate, latency_ms in points))
        for label, points in lines
    )
    return LinePlot(
        title="latency over load",
        alt=" ".join(_told(line) for line in drawn),
        x=Axis(label="requests a second"),
        y=Axis(label="latency", unit="ms", log=True),
        lines=drawn,
    )


def _told(line: Line) -> str:
    first, last = line.points[0], line.points[-1]
    return f"{line.label}: {first.y:.2g} ms at {first.x:,.0f} requests a second, {last.y:.2g} ms at {last.x:,.0f}."
