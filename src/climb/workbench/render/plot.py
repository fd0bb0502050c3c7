"""Plots as figures of a page: the drawing, and under it the numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import msgspec
from markupsafe import Markup

from climb.judge.evidence import Latencies, Reading, Series
from climb.labs.plot import Axis, Bar, BarPlot, LinePlot, Mark, Plot, Point, StripPlot
from climb.labs.scale import Scale, figure, one_in, percentile
from climb.labs.statistics import quantile
from climb.progress.series_plots import latencies_plot, series_plot
from climb.workbench.render.lettering import clean
from climb.workbench.render.plot_lines import draw_lines, drawable, frame
from climb.workbench.render.plot_rows import draw_bars, draw_strips, with_unit

__all__ = ["latencies", "plot", "reading", "series"]

_ROWS_MOST = 200  # of a table; the stored result has the rest


def plot(plot: Plot) -> Markup:
    """``plot`` as a figure."""
    match plot:
        case BarPlot():
            return _figure(plot, draw_bars(plot), _bar_rows(plot))
        case StripPlot():
            return _figure(plot, draw_strips(plot), _strip_rows(plot))
        case LinePlot():
            return _figure(plot, draw_lines(plot), _line_rows(plot), data=_data(plot))


def series(series: Series) -> Markup:
    """Quantities over time, with the limit that they should have kept, and what was wrong meanwhile."""
    return plot(series_plot(series))


def latencies(latencies: Latencies) -> Markup:
    """Values by percentile, each further nine as wide as the one before."""
    return plot(latencies_plot(latencies))


def reading(reading: Reading) -> Markup:
    """A measured quantity as a length from zero, and its limit."""
    limit = f"limit {_said(reading.limit, reading.unit)}"
    return plot(
        BarPlot(
            title=reading.subject,
            alt=f"{reading.subject}: {_said(reading.value, reading.unit)}, {limit}.",
            marks=(Mark(value=reading.limit, label=limit),),
            axis=Axis(label=reading.subject, unit=reading.unit),
            bars=(Bar(label="measured", value=reading.value),),
        )
    )


def _said(value: float, unit: str) -> str:
    return with_unit(figure(value), unit)


Rows = Sequence[Sequence[str]]


def _figure(plot: Plot, drawing: Markup, rows: Rows, data: str = "") -> Markup:
    attribute = Markup(' data-plot="{}"').format(data) if data else ""
    return Markup('<figure class="plot"{}><figcaption>{}</figcaption>{}{}</figure>').format(
        attribute, clean(plot.title), drawing, _numbers(plot, rows)
    )


def _numbers(plot: Plot, rows: Rows) -> Markup:
    """The values as a table, which also those read who can't see the drawing."""
    head, *body = rows
    columns = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_class(index), name) for index, name in enumerate(head)
    )
    lines = Markup("").join(_table_row(row) for row in body[:_ROWS_MOST])
    marks = Markup("").join(
        Markup("<li>{}: {}</li>").format(clean(mark.label), _said(mark.value, clean(_measured_axis(plot).unit)))
        for mark in plot.marks
    )
    return Markup(
        '<details><summary>The numbers</summary><div class="wide" tabindex="0" role="region" aria-label="{}">'
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}{}{}</details>"
    ).format(
        f"The numbers of: {clean(plot.title)}",
        columns,
        lines,
        Markup("<p>The first {} of {} rows.</p>").format(_ROWS_MOST, len(body)) if len(body) > _ROWS_MOST else "",
        Markup('<p class="label">Pointed at</p><ul>{}</ul>').format(marks) if marks else "",
        _shaded(plot) if isinstance(plot, LinePlot) and plot.spans else "",
    )


def _shaded(plot: LinePlot) -> Markup:
    spans = Markup("").join(
        Markup("<li>{} to {}: {}</li>").format(
            figure(each.start), _said(each.end, clean(plot.x.unit)), clean(each.label)
        )
        for each in plot.spans
    )
    return Markup('<p class="label">Shaded</p><ul>{}</ul>').format(spans)


def _table_row(row: Sequence[str]) -> Markup:
    first, *rest = row
    cells = Markup("").join(Markup('<td class="figure">{}</td>').format(cell) for cell in rest)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(first, cells)


def _class(index: int) -> Markup:
    return Markup(' class="figure"') if index else Markup("")


def _measured_axis(plot: Plot) -> Axis:
    return plot.y if isinstance(plot, LinePlot) else plot.axis


def _bar_rows(plot: BarPlot) -> Rows:
    head = ("condition", clean(plot.axis.name), "95 % interval")
    return [head, *((clean(bar.label), figure(bar.value), _interval(bar.low, bar.high)) for bar in plot.bars)]


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{figure(low)} to {figure(high)}"


_FIVE: dict[str, Callable[[Sequence[float]], float]] = {
    "least": min,
    "lower quarter": lambda values: quantile(values, 0.25),
    "median": median,
    "upper quarter": lambda values: quantile(values, 0.75),
    "largest": max,
}


def _strip_rows(plot: StripPlot) -> Rows:
    unit = f"({clean(plot.axis.unit)})" if plot.axis.unit else ""
    head = ("condition", "values", *(with_unit(name, unit) for name in _FIVE))
    rows = []
    for strip in plot.strips:
        found = [figure(each(strip.values)) if strip.values else "" for each in _FIVE.values()]
        rows.append((clean(strip.label), str(len(strip.values)), *found))
    return [head, *rows]


def _line_rows(plot: LinePlot) -> Rows:
    """A row for each x value, a column for each line."""
    xs = sorted({point.x for line in plot.lines for point in line.points})
    known = [{point.x: point for point in line.points} for line in plot.lines]
    named = [clean(line.label) or clean(plot.y.label) for line in plot.lines]
    head = (
        clean(plot.x.name),
        *(with_unit(name, f"({clean(plot.y.unit)})" if plot.y.unit else "") for name in named),
    )
    across = percentile if plot.x.percentiles else figure
    return [head, *((across(x), *(_point(points.get(x)) for points in known)) for x in xs)]


def _point(point: Point | None) -> str:
    if point is None:
        return ""
    interval = _interval(point.low, point.high) if point.low != point.high else ""
    return f"{figure(point.y)} ({interval})" if interval else figure(point.y)


def _data(plot: LinePlot) -> str:
    """What the script needs to lay a live chart exactly over the drawing."""
    here = frame(plot)
    across = one_in if plot.x.percentiles else float
    return msgspec.json.encode(
        {
            "box": [here.left, here.top, here.width, here.height],
            "x": _across_data(here.x) | {"name": clean(plot.x.name), "percentiles": plot.x.percentiles},
            "y": {"low": here.y.low, "high": here.y.high, "log": here.y.log, "unit": clean(plot.y.unit)},
            "lines": [
                {
                    "name": clean(line.label) or clean(plot.y.label),
                    "points": [(across(p.x), p.y, p.low, p.high) for p in drawable(line, here.x, here.y)],
                }
                for line in plot.lines
            ],
        }
    ).decode()


def _across_data(x: Scale) -> dict[str, float | bool]:
    """The scale of the script's chart, which knows no percentiles: one in ten, one in a hundred, on a logarithmic axis."""
    if x.percentiles:
        return {"low": one_in(x.low), "high": one_in(x.high), "log": True}
    return {"low": x.low, "high": x.high, "log": x.log}
