"""Plots in the terminal: bars in eighths of a column, heaps of single measurements, lines on a grid; ASCII where need be.

Every line fits the width that is given. Intervals are told as numbers, marks as a line through the plot with their words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from climb.labs.plot import Axis, Bar, BarPlot, Line, LinePlot, Mark, Plot, Span, Strip, StripPlot
from climb.labs.scale import Scale, across_scale, figure, length_scale, mark_words, tick_label
from climb.labs.statistics import quantile
from climb.printable import printable

__all__ = ["Signs", "draw", "signs_for"]

_ROWS = 12  # of a line plot
_TICKS = 5
_LEAST = 24  # columns; nothing can be read below
_POWER = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-") | str.maketrans(
    {"µ": "u", "×": "x", "–": "-", "’": "'", "“": '"', "”": '"', "…": ".", "\u00a0": " "}
)


class Signs(NamedTuple):
    """What plots are drawn with."""

    full: str
    parts: str  # of a column, from none to nearly all
    heap: str  # from none to the most
    mark_down: str
    mark_across: str
    up: str
    floor: str
    tick: str
    corner: str
    wall: str
    between: str
    points: str
    shade: str
    ascii: bool

    def words(self, text: str) -> str:
        """``text`` on one line, in signs that the terminal has."""
        return self.plain(" ".join(printable(text).split()))

    def plain(self, text: str) -> str:
        """``text`` in signs that the terminal has."""
        return _POWER.sub(lambda power: f"^{power[0]}", text).translate(_PLAIN) if self.ascii else text


_FULL = Signs("█", " ▏▎▍▌▋▊▉", " ▁▂▃▄▅▆▇█", "┊", "┄", "▲", "─", "┴", "└", "│", "·", "●■◆▲", "░", ascii=False)
_ASCII = Signs("#", " ", " .:-=+*#@", ":", "-", "^", "-", "+", "+", "|", ".", "ox*+", ",", ascii=True)


def signs_for(*, ascii_only: bool) -> Signs:
    """The signs to draw with."""
    return _ASCII if ascii_only else _FULL


def draw(plot: Plot, width: int, signs: Signs) -> list[Text]:
    """``plot`` in lines of at most ``width`` columns."""
    width = max(width, _LEAST)
    title = [Text(line, style="bold") for line in _broken(signs.words(plot.title), width)]
    match plot:
        case BarPlot():
            return [*title, *_bars(plot, width, signs)]
        case StripPlot():
            return [*title, *_strips(plot, width, signs)]
        case LinePlot():
            return [*title, *_lines(plot, width, signs)]


def _bars(plot: BarPlot, width: int, signs: Signs) -> list[Text]:
    values = [value for bar in plot.bars for value in (bar.value, bar.low, bar.high) if value is not None]
    scale = length_scale(plot.axis, values, plot.marks)
    columns = [_column(scale, mark.value, width) for mark in plot.marks]
    lines = _mark_words(plot.marks, columns, scale, width, signs)
    for bar in plot.bars:
        lines += _heading(signs.words(bar.label), _measured(bar, plot.axis, signs), width)
        lines.append(_marked(_bar(bar, scale, width, signs), columns, signs))
    return lines + _floor(plot.axis, scale, width, signs)


def _measured(bar: Bar, axis: Axis, signs: Signs) -> str:
    interval = ""
    if bar.low is not None and bar.high is not None and bar.low < bar.high:
        interval = f" ({figure(bar.low)} to {figure(bar.high)})"
    return signs.words(f"{figure(bar.value)} {axis.unit}".rstrip() + interval)


def _bar(bar: Bar, scale: Scale, width: int, signs: Signs) -> str:
    if scale.log:
        at = _column(scale, bar.value, width)
        return " " * at + signs.points[0] + " " * (width - at - 1)
    zero, end = sorted((scale.share(0.0) * width, scale.share(bar.value) * width))
    first, eighths = round(zero), round((end - round(zero)) * 8)
    whole, part = divmod(max(eighths, 0), 8)
    tail = signs.parts[part] if part < len(signs.parts) else ""
    drawn = signs.full * whole + tail.strip(" ")
    return (" " * first + (drawn or (signs.parts[1:2] or signs.wall)))[:width].ljust(width)


def _strips(plot: StripPlot, width: int, signs: Signs) -> list[Text]:
    scale = length_scale(plot.axis, [value for strip in plot.strips for value in strip.values], plot.marks)
    columns = [_column(scale, mark.value, width) for mark in plot.marks]
    lines = _mark_words(plot.marks, columns, scale, width, signs)
    for strip in plot.strips:
        lines += _heading(signs.words(strip.label), _middle(strip, plot.axis, signs), width)
        lines.append(_marked(_heap(strip, scale, width, signs), columns, signs))
        if strip.values:
            at = _column(scale, median(strip.values), width)
            lines.append(Text(" " * at + signs.up, style="dim"))
    return lines + _floor(plot.axis, scale, width, signs)


def _middle(strip: Strip, axis: Axis, signs: Signs) -> str:
    if not strip.values:
        return "no values"
    half = f"half of {len(strip.values)} within {figure(quantile(strip.values, 0.25))} to {figure(quantile(strip.values, 0.75))}"
    return signs.words(f"median {figure(median(strip.values))} {axis.unit}".rstrip() + f", {half}")


def _heap(strip: Strip, scale: Scale, width: int, signs: Signs) -> str:
    """How many measurements fell into each column, by the height of its sign."""
    counts = [0] * width
    for value in strip.values:
        counts[_column(scale, value, width)] += 1
    most = max(counts)
    steps = len(signs.heap) - 1
    return "".join(signs.heap[math.ceil(count / most * steps) if count else 0] for count in counts)


def _lines(plot: LinePlot, width: int, signs: Signs) -> list[Text]:
    points = [point for line in plot.lines for point in line.points]
    xs, ys = [point.x for point in points], [point.y for point in points]
    x = across_scale(plot.x, xs)
    y = length_scale(plot.y, ys, plot.marks)
    ticks = {_row(y, tick): signs.words(tick_label(tick)) for tick in y.ticks(4)}
    margin = max((cell_len(text) for text in ticks.values()), default=0)
    across = max(width - margin - 2, 8)
    grid = _grid(plot, x, y, across, signs)
    body = [
        Text(f"{ticks.get(row, ''):>{margin}} ", style="dim").append(signs.wall + "".join(cells), style="not dim")
        for row, cells in enumerate(grid)
    ]
    floor = [Text(" " * (margin + 1)) + line for line in _floor(plot.x, x, across + 1, signs, first=signs.corner)]
    bands = _bands(plot.spans, x, across, margin + 2, width, signs)
    head = [Text(part, style="dim") for part in _broken(signs.words(plot.y.name), width)]
    return [*head, *body, *floor, *bands, *_key(plot, y, width, signs)]


def _grid(plot: LinePlot, x: Scale, y: Scale, across: int, signs: Signs) -> list[list[str]]:
    """The shades, over them the marks, over them what connects the points, over that the points."""
    ground = _shaded(plot.spans, x, across, " ", signs)
    grid = [list(ground) for _ in range(_ROWS)]
    for mark in plot.marks:
        grid[_row(y, mark.value)] = [signs.mark_across] * across
    for line in plot.lines:
        _connect(grid, line, x, y, signs)
    for number, line in enumerate(plot.lines):
        _dot(grid, line, x, y, signs.points[number % len(signs.points)])
    return grid


def _shaded(spans: Iterable[Span], x: Scale, across: int, empty: str, signs: Signs) -> list[str]:
    """A row of cells in which the stretches are shaded."""
    cells = [empty] * across
    for span in spans:
        begin, end = _column(x, span.start, across), _column(x, span.end, across)
        cells[begin : end + 1] = [signs.shade] * (end + 1 - begin)
    return cells


def _bands(spans: tuple[Span, ...], x: Scale, across: int, margin: int, width: int, signs: Signs) -> Iterator[Text]:
    """Below the axis a band for each kind of shade, and what it is."""
    for label in dict.fromkeys(span.label for span in spans):
        own = [span for span in spans if span.label == label]
        band = "".join(_shaded(own, x, across, " ", signs)).rstrip()
        words = signs.words(label) + (f" ({len(own)} times)" if len(own) > 1 else "")
        blank = len(band) - len(band.lstrip())
        if margin + len(band) + 1 + cell_len(words) <= width:
            yield Text(f"{' ' * margin}{band} {words}", style="dim")
        elif cell_len(words) < blank:
            yield Text(" " * (margin + blank - 1 - cell_len(words)) + f"{words} {band.lstrip()}", style="dim")
        else:
            yield Text(" " * margin + band, style="dim")
            yield from (Text(f"{' ' * margin}{part}", style="dim") for part in _broken(words, width - margin))


def _key(plot: LinePlot, y: Scale, width: int, signs: Signs) -> Iterator[Text]:
    """Which sign is which line, and what the marks are."""
    for number, line in enumerate(plot.lines):
        yield from _words(
            f"{signs.points[number % len(signs.points)]} {line.label or plot.y.label}{_last(line, plot.y)}",
            width,
            signs,
        )
    for mark in plot.marks:
        yield from _words(f"{signs.mark_across * 2} {mark_words(mark, y)}", width, signs)


def _last(line: Line, axis: Axis) -> str:
    return f": {figure(line.points[-1].y)} {axis.unit} at the end".replace("  ", " ") if line.points else ""


def _words(text: str, width: int, signs: Signs) -> list[Text]:
    return [Text(part) for part in _broken(signs.words(text), width)]


def _row(scale: Scale, value: float) -> int:
    return round((1 - scale.share(value)) * (_ROWS - 1))


def _places(line: Line, x: Scale, y: Scale, across: int) -> list[tuple[int, int]]:
    known = [point for point in line.points if (not x.log or point.x > 0) and (not y.log or point.y > 0)]
    return [(_column(x, point.x, across), _row(y, point.y)) for point in known]


def _connect(grid: list[list[str]], line: Line, x: Scale, y: Scale, signs: Signs) -> None:
    places = _places(line, x, y, len(grid[0]))
    for (x1, y1), (x2, y2) in pairwise(places):
        steps = max(abs(x2 - x1), abs(y2 - y1), 1)
        for step in range(steps + 1):
            grid[y1 + round((y2 - y1) * step / steps)][x1 + round((x2 - x1) * step / steps)] = signs.between


def _dot(grid: list[list[str]], line: Line, x: Scale, y: Scale, sign: str) -> None:
    for column, row in _places(line, x, y, len(grid[0])):
        grid[row][column] = sign


def _column(scale: Scale, value: float, width: int) -> int:
    return min(int(scale.share(value) * width), width - 1)


def _mark_words(marks: tuple[Mark, ...], columns: list[int], scale: Scale, width: int, signs: Signs) -> list[Text]:
    """A line for each mark: its words beside its column, with the lines of those before it running through."""
    lines: list[Text] = []
    for number, (mark, column) in enumerate(zip(marks, columns, strict=True)):
        room = max(column - 1, width - column - 2)
        said = _cut(signs.words(mark_words(mark, scale)), room, signs)
        cells = [" "] * width
        for earlier in columns[: number + 1]:
            cells[earlier] = signs.mark_down
        begin = column + 2 if cell_len(said) <= width - column - 2 else column - 1 - cell_len(said)
        # A wide character takes two columns, so the line is put together from texts, not from cells.
        lines.append(
            Text("".join(cells[:begin]) + said + "".join(cells[begin + cell_len(said) :]).rstrip(), style="bold")
        )
    return lines


def _marked(row: str, columns: list[int], signs: Signs) -> Text:
    text = Text(row)
    for column in columns:
        text = Text.assemble(text[:column], (signs.mark_down, "bold"), text[column + 1 :])
    return text


def _heading(name: str, value: str, width: int) -> list[Text]:
    """A row's name and value: on one line, if they fit."""
    if cell_len(name) + cell_len(value) + 2 <= width:
        return [Text(name).append(f"  {value}", style="bold")]
    return [*map(Text, _broken(name, width)), *(Text(part, style="bold") for part in _broken(value, width))]


def _floor(axis: Axis, scale: Scale, width: int, signs: Signs, first: str = "") -> list[Text]:
    """The axis below the plot: its line with ticks, their numbers, its name."""
    ticks = _that_fit(scale, width, signs.words)
    line = [signs.floor] * width
    numbers = ""
    for column, text, begin in ticks:
        line[column] = signs.tick
        numbers = numbers.ljust(begin) + text
    if first:
        line[0] = first
    name = [Text(part, style="dim") for part in _broken(signs.words(axis.name), width)]
    return [Text("".join(line), style="dim"), Text(numbers, style="dim"), *name]


def _that_fit(scale: Scale, width: int, words: Callable[[str], str]) -> list[tuple[int, str, int]]:
    """Ticks whose numbers can stand side by side: column, number, and where the number begins."""
    for wanted in range(_TICKS, 0, -1):
        found = []
        for tick in scale.ticks(wanted):
            column, text = _column(scale, tick, width), words(scale.label(tick))
            found.append((column, text, max(min(column - cell_len(text) // 2, width - cell_len(text)), 0)))
        ends = [begin + cell_len(text) for _, text, begin in found]
        if all(end + 1 <= begin for end, (_, _, begin) in zip(ends, found[1:], strict=False)):
            return found
    return []


def _broken(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns, broken between words, or within one that is too long."""
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
            continue
        rest = word
        while cell_len(rest) > width:
            piece = set_cell_size(rest, width).rstrip()
            lines.append(piece)
            rest = rest[len(piece) :]
        lines.append(rest)
    return lines


def _cut(text: str, width: int, signs: Signs) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + signs.words("…")
