"""A chart of turns as SVG: complete without scripts, and as high as the canvas that scripts put in its place.

What has a width is in an inner picture that is stretched to the width of the page; text is placed by percentages and is not stretched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from climb.gantt.axis import Window, round_step, round_ticks
from climb.workbench.render.lettering import clean, text_width
from climb.workbench.render.svg import SMALL, number
from climb.workbench.schedules.lanes import AXIS, TINTS, Box, Column, Place, Turn, rows_of, visible
from climb.workbench.schedules.turns import Turns

__all__ = ["Chart", "drawn"]

_WIDE = 1000.0  # of the inner picture, in its own units
_NARROWEST = 640.0  # pixels that the chart is wide at least: names must fit then
_THIN = 4.0  # units: a narrower turn shares its column
_GAP = 3.0
_EDGE = 2.5
_TICKS, _FEW_TICKS = 8, 4  # the fewer where their numbers are long
_LONG = 1_000_000
_LAYERS = ("away", "waits", "task", "edge")  # from the back to the front: what looks begin with


class Chart(NamedTuple):
    """A drawing, and whether some column of it holds several turns."""

    picture: Markup
    many: bool


def drawn(
    turns: Turns, names: Sequence[str], *, cpus: int, lanes: str, window: tuple[int, int], alternative: str
) -> Chart:
    """The rows of ``lanes`` within ``window``."""
    place = Place.of(cpus if lanes == "cpu" else len(names))
    pen = _Pen(window, place, by_task=lanes == "task")
    for index, row in enumerate(rows_of(turns, lanes, place.shown)):
        for each in visible(row, window, _THIN / _WIDE * (window[1] - window[0])):
            pen.put(index, each, names)
    picture = Markup(
        '<svg class="lanes" xmlns="http://www.w3.org/2000/svg" width="100%" height="{}" role="img" aria-label="{}">{}</svg>'
    ).format(place.height, alternative, Markup("").join(pen.parts()))
    return Chart(picture, pen.many)


class _Pen:
    """Gathers the pieces of a chart: one path for each look, and the texts."""

    def __init__(self, window: tuple[int, int], place: Place, *, by_task: bool) -> None:
        self._from, self._to = window
        self._place = place
        self._by_task = by_task
        self._paths: dict[str, list[str]] = defaultdict(list)
        self._texts: list[Markup] = []
        self.many = False

    def put(self, row: int, what: Box | Column, names: Sequence[str]) -> None:
        """Draw a turn, or a column with several."""
        top, high = row * self._place.pitch + _GAP, self._place.pitch - 2 * _GAP
        first = what.turn if isinstance(what, Box) else what.first
        if self._by_task:
            self._leading(first, top + high / 2)
        if isinstance(what, Column):
            self._column(what, top, high)
        elif what.turn.start < self._to:
            self._turn(what.turn, names, top, high)

    def parts(self) -> Iterator[Markup]:
        """The axis, the paths, the texts."""
        bottom = self._place.shown * self._place.pitch
        lines = [f"M0 {row * self._place.pitch}h{_WIDE:g}" for row in range(self._place.shown + 1)]
        at = [(tick, self._x(tick)) for tick in _ticks(self._from, self._to)]
        lines += [f"M{number(x)} 0v{bottom + 4}" for _, x in at]
        yield Markup('<svg viewBox="0 0 {} {}" width="100%" height="{}" preserveAspectRatio="none">').format(
            number(_WIDE), self._place.height, self._place.height
        )
        yield Markup('<path class="faint lane-rule" d="{}"/>').format("".join(lines))
        for look, pieces in sorted(self._paths.items(), key=lambda each: _layer(each[0])):
            yield Markup('<path class="{}" d="{}"/>').format(look, "".join(pieces))
        yield Markup("</svg>")
        yield from self._texts
        for tick, x in at:
            anchor = "start" if x < 20 else "end" if x > _WIDE - 20 else "middle"
            yield Markup('<text class="small dim" x="{}%" y="{}" text-anchor="{}">{:,}</text>').format(
                number(x / 10), bottom + AXIS - 5, anchor, tick
            )

    def _x(self, time: float) -> float:
        return min(max((time - self._from) / (self._to - self._from) * _WIDE, 0), _WIDE)

    def _piece(self, look: str, left: float, right: float, top: float, high: float) -> None:
        if right > left:
            rounded = f"{left:.1f}", f"{right - left:.1f}"
            self._paths[look].append(f"M{rounded[0]} {number(top)}h{rounded[1]}v{number(high)}h-{rounded[1]}z")

    def _turn(self, turn: Turn, names: Sequence[str], top: float, high: float) -> None:
        left, right = self._x(turn.start), self._x(turn.end)
        tint, hatched = turn.task % TINTS, turn.task // TINTS % 2
        if right - left < _THIN + _EDGE:
            self._piece(f"edge-{tint}", left, max(right, left + 1), top, high)
            return
        self._piece(f"task-{tint}", left, right - 1, top, high)
        if hatched:
            self._piece(f"edge-{tint}", left, right - 1, top + high - 3, 3)
        self._piece(f"edge-{tint}", left, left + _EDGE, top, high)
        name = clean(names[turn.task])
        room = (right - left - _EDGE) / _WIDE * _NARROWEST - 4
        if not self._by_task and text_width(name, SMALL) <= room:
            self._texts.append(
                Markup('<text class="small" x="{}%" y="{}" text-anchor="middle">{}</text>').format(
                    number((left + right) / 20), number(top + high / 2 + 4), name
                )
            )

    def _column(self, column: Column, top: float, high: float) -> None:
        self.many = True
        left, right = self._x(column.start), self._x(column.end)
        bottom = top + high
        unit = high / max(sum(column.used), column.end - column.start)  # the last turn may reach into the next column
        for tint, used in enumerate(column.used):
            tall = used * unit
            bottom -= tall
            if tall > 0:
                self._piece(f"edge-{tint}", left, right, bottom, tall)

    def _leading(self, turn: Turn, middle: float) -> None:
        """What leads to a turn in a task's row: since when it was ready, and the I/O before."""
        ready = self._x(turn.ready)
        self._piece(f"waits edge-{turn.task % TINTS}", ready, self._x(turn.start), middle - 1.5, 3)
        if turn.before is not None:
            self._piece("away", self._x(turn.before), ready, middle - 5, 10)


def _layer(look: str) -> int:
    return next(place for place, name in enumerate(_LAYERS) if look.startswith(name))


def _ticks(begin: int, end: int) -> Sequence[int]:
    """Round numbers within the window."""
    least = (end - begin) / (_TICKS if end < _LONG else _FEW_TICKS)
    return round_ticks(Window(begin, end), round_step(least))
