"""Lines over another quantity, with their names at their ends and the marks across."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from markupsafe import Markup

from climb.labs.plot import Line, LinePlot, Point
from climb.labs.scale import Scale, across_scale, length_scale, mark_words, tick_label
from climb.workbench.render.lettering import clean, text_width, wrapped
from climb.workbench.render.plot_spans import draw_spans, label_rows
from climb.workbench.render.svg import (
    LINE,
    SMALL,
    WIDTH,
    element,
    label,
    line_path,
    number,
    picture,
    segments,
    ticks_side_by_side,
)

__all__ = ["Frame", "draw_lines", "drawable", "frame"]

_MARGIN_MOST = 132.0  # right of the plot, for the names
_LEAST_HEIGHT = 200.0
_Y_TICKS, _X_TICKS = 5, 6
_MARKED_MOST = 60  # with more points on a line their markers would only thicken it
_SIZE = 3.5  # of a marker
# Drawn in one colour or grey, solid or dashed, each with a marker of its own: told apart without colour. The accent is for marks.
_CLASSES = ("line", "plot-dim", "line dashed", "plot-dim dashed")
_MARKERS = (
    "M{l} {y}A3.5 3.5 0 1 1 {r} {y}A3.5 3.5 0 1 1 {l} {y}z",
    "M{l} {t}H{r}V{b}H{l}z",
    "M{x} {t}L{r} {y}L{x} {b}L{l} {y}z",
    "M{x} {t}L{r} {b}H{l}z",
)


class Frame(msgspec.Struct, frozen=True):
    """Where the plot proper is within the drawing, and its scales."""

    left: float
    top: float
    width: float
    height: float
    x: Scale
    y: Scale

    def across(self, value: float) -> float:
        """The place of an x value."""
        return self.left + self.width * self.x.share(value)

    def up(self, value: float) -> float:
        """The place of a y value."""
        return self.top + self.height * (1 - self.y.share(value))


class _Name(msgspec.Struct):
    """A label right of the plot: its lines, where it points, and where it stands after making room for the others."""

    lines: list[str]
    points_at: tuple[float, float]
    class_: str
    top: float = 0.0

    @property
    def height(self) -> float:
        return LINE * len(self.lines)


def _series_class(index: int) -> str:
    """The classes of the line with this number."""
    return _CLASSES[index % len(_CLASSES)]


def drawable(line: Line, x: Scale, y: Scale) -> tuple[Point, ...]:
    """The points that have a place: a logarithmic axis has none for zero."""
    return tuple(point for point in line.points if (not x.log or point.x > 0) and (not y.log or point.y > 0))


def frame(plot: LinePlot) -> Frame:
    """The frame of ``plot``; the names at its right decide how wide and how high it is."""
    points = [point for line in plot.lines for point in line.points]
    xs = [point.x for point in points]
    ys = [value for point in points for value in (point.y, point.low, point.high) if value is not None]
    x = across_scale(plot.x, xs)
    y = length_scale(plot.y, ys, plot.marks)
    said = [clean(line.label) for line in plot.lines] + [clean(mark_words(mark, y)) for mark in plot.marks]
    margin = min(max((text_width(each, SMALL) + 14 for each in said if each), default=0.0) or 10.0, _MARGIN_MOST)
    needed = sum(LINE * len(_broken(each)) + 4 for each in said)
    ticks = max((text_width(tick_label(tick), SMALL) for tick in y.ticks(_Y_TICKS)), default=0.0)
    left, width = ticks + 8, WIDTH - ticks - 8 - margin
    rows = label_rows(plot.spans, x, left, width)
    return Frame(
        left=left,
        top=LINE * (len(_title(plot)) + rows) + 8,
        width=width,
        height=max(_LEAST_HEIGHT, needed),
        x=x,
        y=y,
    )


def draw_lines(plot: LinePlot) -> Markup:
    """The whole drawing."""
    here = frame(plot)
    lines = [part for index, line in enumerate(plot.lines) for part in _line(index, line, here)]
    x_axis, height = _x_axis(plot, here)
    marks = [
        element("path", class_="accent dashed mark", d=segments([(here.left, y, here.left + here.width, y)]))
        for y in (here.up(mark.value) for mark in plot.marks)
    ]
    title = [label(text, 0, LINE * row - 4, class_="dim small") for row, text in enumerate(_title(plot), 1)]
    shades = draw_spans(plot.spans, here.x, here.left, here.width, LINE * len(_title(plot)), here.top, here.height)
    parts = [*title, *shades, *_y_axis(here), *x_axis, *marks, *lines, *_names(plot, here)]
    return picture(parts, height, clean(plot.alt))


def _title(plot: LinePlot) -> list[str]:
    return wrapped(clean(plot.y.name), SMALL, WIDTH, most=2)


def _broken(said: str) -> list[str]:
    return wrapped(said, SMALL, _MARGIN_MOST - 14, most=4)


def _y_axis(here: Frame) -> Iterator[Markup]:
    ticks = here.y.ticks(_Y_TICKS)
    right = here.left + here.width
    yield element("path", class_="faint grid", d=segments((here.left, here.up(t), right, here.up(t)) for t in ticks))
    for tick in ticks:
        yield label(tick_label(tick), here.left - 6, here.up(tick) + 4, class_="dim small", anchor="end")


def _x_axis(plot: LinePlot, here: Frame) -> tuple[list[Markup], float]:
    bottom = here.top + here.height
    parts = [element("path", class_="plot-dim", d=line_path([(here.left, bottom), (here.left + here.width, bottom)]))]
    ticks = ticks_side_by_side(here.x, here.across, _X_TICKS)
    parts.append(
        element(
            "path", class_="plot-dim", d=segments((here.across(t), bottom, here.across(t), bottom + 4) for t in ticks)
        )
    )
    parts += [label(here.x.label(t), here.across(t), bottom + 17, class_="dim small", anchor="middle") for t in ticks]
    y = bottom + 18
    for text in wrapped(clean(plot.x.name), SMALL, WIDTH, most=2):
        y += LINE
        parts.append(label(text, here.left, y, class_="dim small"))
    return parts, y + 6


def _line(index: int, line: Line, here: Frame) -> Iterator[Markup]:
    points = drawable(line, here.x, here.y)
    places = [(here.across(point.x), here.up(point.y)) for point in points]
    if not places:
        return
    whiskers = [
        (x, here.up(point.low), x, here.up(point.high))
        for point, (x, _) in zip(points, places, strict=True)
        if point.low is not None and point.high is not None and point.low < point.high
    ]
    if whiskers:
        yield element("path", class_="plot-dim whisker drawn", d=segments(whiskers))
    if len(places) > 1:
        yield element("path", class_=f"{_series_class(index)} drawn", d=line_path(places))
    if len(places) <= _MARKED_MOST:
        shape = _MARKERS[index % len(_MARKERS)]
        filled = "head" if index % 2 == 0 else "head-dim"
        yield element("path", class_=filled, d="".join(_marker(shape, x, y) for x, y in places))


def _marker(shape: str, x: float, y: float) -> str:
    at = {"x": x, "y": y, "l": x - _SIZE, "r": x + _SIZE, "t": y - _SIZE, "b": y + _SIZE}
    return shape.format_map({name: number(value) for name, value in at.items()})


def _names(plot: LinePlot, here: Frame) -> Iterator[Markup]:
    """The names right of the plot, each near what it names and none on another, with a thin line to what it names."""
    names = list(_named(plot, here))
    _make_room(names, here.top - 8 if plot.spans else 0.0, here.top + here.height)
    for name in names:
        x = here.left + here.width + 14
        middle = name.top + name.height / 2
        yield element("path", class_=f"{name.class_} leader", d=line_path([name.points_at, (x - 3, middle)]))
        for row, text in enumerate(name.lines, 1):
            class_ = "accent small" if name.class_ == "accent" else "small"
            yield label(text, x, name.top + LINE * row - 4, class_=class_)


def _named(plot: LinePlot, here: Frame) -> Iterator[_Name]:
    for line in plot.lines:
        points = drawable(line, here.x, here.y)
        if line.label and points:
            yield _Name(_broken(clean(line.label)), (here.across(points[-1].x), here.up(points[-1].y)), "plot-dim")
    for mark in plot.marks:
        yield _Name(_broken(clean(mark_words(mark, here.y))), (here.left + here.width, here.up(mark.value)), "accent")


def _make_room(names: list[_Name], top: float, bottom: float) -> None:
    """Move names apart, up or down as little as needed, between ``top`` and ``bottom``."""
    names.sort(key=lambda name: name.points_at[1])
    edge = top
    for name in names:
        name.top = max(name.points_at[1] - name.height / 2, edge)
        edge = name.top + name.height + 2
    edge = bottom
    for name in reversed(names):
        name.top = max(min(name.top, edge - name.height), top)
        edge = name.top - 2
