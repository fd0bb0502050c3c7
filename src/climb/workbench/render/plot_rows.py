"""Bars and strips: a row for each condition, its name and value above its band, one axis below all of them."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import msgspec
from markupsafe import Markup

from climb.labs.plot import Axis, Bar, BarPlot, Mark, Strip, StripPlot
from climb.labs.scale import Scale, figure, length_scale, mark_words, tick_label
from climb.workbench.render.lettering import clean, text_width, wrapped
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

__all__ = ["draw_bars", "draw_strips", "with_unit"]

_LEFT, _RIGHT = 8.0, WIDTH - 8.0
_NAME_SIZE = 14.0
_NAME_LINE = 18.0
_BAND = 20.0
_GAP = 10.0
_MARK_ROOM = 205.0  # less than half of the width, so a mark's label fits on one side of its line wherever that is
_LANES = 5  # dots of a strip are spread over these, so that equal values are seen to be several
_TICKS = 5


class _Row(msgspec.Struct, frozen=True):
    """A row's name, its value in words, and what is drawn in its band."""

    name: str
    value: str
    content: Bar | Strip


def with_unit(text: str, unit: str) -> str:
    """A figure with its unit."""
    return f"{text} {unit}" if unit else text


def draw_bars(plot: BarPlot) -> Markup:
    """Lengths from zero, or dots where the axis is logarithmic and has no zero."""
    values = [value for bar in plot.bars for value in (bar.value, bar.low, bar.high) if value is not None]
    rows = [_Row(bar.label, with_unit(figure(bar.value), clean(plot.axis.unit)), bar) for bar in plot.bars]
    return _draw(plot, rows, length_scale(plot.axis, values, plot.marks))


def draw_strips(plot: StripPlot) -> Markup:
    """Every single measurement as a dot, the median as a line through its row."""
    values = [value for strip in plot.strips for value in strip.values]
    rows = [_Row(strip.label, _median(strip, clean(plot.axis.unit)), strip) for strip in plot.strips]
    return _draw(plot, rows, length_scale(plot.axis, values, plot.marks))


def _median(strip: Strip, unit: str) -> str:
    return f"median {with_unit(figure(median(strip.values)), unit)}" if strip.values else "no values"


def _draw(plot: BarPlot | StripPlot, rows: list[_Row], scale: Scale) -> Markup:
    pointers, mark_labels, top = _marks(plot.marks, scale)
    bands: list[Markup] = []
    y = top
    for row in rows:
        for line in _heading(row):
            y += _NAME_LINE
            bands.append(Markup('<text x="0" y="{}" class="halo">{}</text>').format(number(y - 4), line))
        y += 4
        bands.extend(_band(row.content, scale, y))
        y += _BAND + _GAP
    axis, height = _axis(plot.axis, scale, top, y)
    lines = [element("path", class_="accent dashed mark", d=segments([(x, from_y, x, y)])) for x, from_y in pointers]
    return picture([*axis, *lines, *bands, *mark_labels], height, clean(plot.alt))


def _place(scale: Scale, value: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * scale.share(value)


def _marks(marks: tuple[Mark, ...], scale: Scale) -> tuple[list[tuple[float, float]], list[Markup], float]:
    """Where the marks' lines begin, their labels one below the other, and where these end.

    From left to right they go down, each label right of its line where it fits, so that lines cross few labels.
    """
    pointers, labels, y = [], [], 0.0
    for mark in sorted(marks, key=lambda each: each.value):
        x = _place(scale, mark.value)
        lines = wrapped(clean(mark_words(mark, scale)), SMALL, _MARK_ROOM, most=3)
        right = x + 6 + max((text_width(line, SMALL) for line in lines), default=0) <= WIDTH
        pointers.append((x, y + 2))
        for line in lines:
            y += LINE
            anchor = "start" if right else "end"
            labels.append(label(line, x + 6 if right else x - 6, y - 3, class_="accent small halo", anchor=anchor))
        y += 2
    return pointers, labels, y + (4 if marks else 0)


def _heading(row: _Row) -> list[Markup]:
    """The row's name with its value, on as many lines as they need."""
    names = wrapped(clean(row.name), _NAME_SIZE, WIDTH, most=2)
    value = wrapped(row.value, _NAME_SIZE, WIDTH, most=1)
    strong = [Markup('<tspan dx="4" class="strong">{}</tspan>').format(line) for line in value]
    together = (
        names and text_width(f"{names[-1]} {' '.join(value)}", _NAME_SIZE) <= WIDTH - _NAME_SIZE
    )  # strong is wider
    if not together:
        return [*map(Markup.escape, names), *strong]
    return [*map(Markup.escape, names[:-1]), Markup("{} {}").format(names[-1], Markup(" ").join(strong))]


def _band(content: Bar | Strip, scale: Scale, y: float) -> Iterator[Markup]:
    middle = y + _BAND / 2
    if isinstance(content, Strip):
        yield from _dots(content, scale, y)
        return
    end = _place(scale, content.value)
    if scale.log:
        yield element("path", class_="faint", d=line_path([(_LEFT, middle), (_RIGHT, middle)]))
        yield element("circle", class_="head", cx=end, cy=middle, r=5.0)
    else:
        zero = _place(scale, 0.0)
        width = max(abs(end - zero), 1.0)
        yield element("rect", class_="bar", x=min(zero, end), y=y + 2, width=width, height=_BAND - 4)
    if content.low is not None and content.high is not None and content.low < content.high:
        yield element("path", class_="line whisker", d=_whisker(scale, content.low, content.high, middle))


def _whisker(scale: Scale, low: float, high: float, y: float) -> str:
    left, right = _place(scale, low), _place(scale, high)
    return segments([(left, y, right, y), (left, y - 4, left, y + 4), (right, y - 4, right, y + 4)])


def _dots(strip: Strip, scale: Scale, y: float) -> Iterator[Markup]:
    lane = (_BAND - 6) / (_LANES - 1)
    # Dots at the same place are drawn once: however many values there are, the page stays small.
    places = {
        (number(_place(scale, value)), number(y + 3 + lane * (turn * 2 % _LANES)))
        for turn, value in enumerate(strip.values)
    }
    yield element("path", class_="dots", d="".join(f"M{x} {dot}h0" for x, dot in sorted(places)))
    if strip.values:
        x = _place(scale, median(strip.values))
        yield element("path", class_="line median", d=segments([(x, y - 2, x, y + _BAND + 2)]))


def _axis(axis: Axis, scale: Scale, top: float, bottom: float) -> tuple[list[Markup], float]:
    """Ticks with their lines up through the plot, the axis' name below; and where all of it ends."""
    ticks = ticks_side_by_side(scale, lambda tick: _place(scale, tick), _TICKS)
    grid = segments((_place(scale, tick), top, _place(scale, tick), bottom) for tick in ticks)
    parts = [element("path", class_="faint grid", d=grid)] if ticks else []
    parts.append(element("path", class_="plot-dim", d=line_path([(_LEFT, bottom), (_RIGHT, bottom)])))
    parts += [label(tick_label(t), _place(scale, t), bottom + 14, class_="dim small", anchor="middle") for t in ticks]
    y = bottom + 14
    for line in wrapped(clean(axis.name), SMALL, WIDTH, most=2):
        y += LINE
        parts.append(label(line, 0, y, class_="dim small"))
    return parts, y + 6
