"""Gantt charts as SVG without colours of their own: classes of the site's stylesheet, or of ``style.py`` where that is not.

Labels are told apart by their text where it fits, by tint, and by a stroke below, so that no one has to see colours. However long
the time, a row has a bounded number of pieces: where time is finer than can be drawn, each place shows what ran longest in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from climb.gantt.axis import Window, bounds, round_step, round_ticks
from climb.gantt.columns import MIXED, Run, Scale, runs
from climb.gantt.model import Row
from climb.gantt.signs import OTHERS, labels_of, signs_for
from climb.printable import printable

__all__ = ["STROKES", "TINTS", "WIDTH", "alternative", "svg"]

WIDTH = 440  # in the plots' own units: small text stays readable when a phone shows it at three quarters
TINTS = 6
STROKES = 4  # with the tints twelve looks
_FINEST = 2  # places in a unit of width
_LETTER = 7.3  # of the monospaced 12-unit text, rather more than less
_SIDE = 8.0
_NAME, _BAND, _GAP = 17.0, 26.0, 9.0
_FEW = 400  # spans that get a tooltip each
_TOLD = 40  # spans that the alternative text names
_KEYED = 24  # labels that the key explains
_LINE, _KEY_LINE = 16.0, 22.0


class _Place(NamedTuple):
    """From columns to units of the drawing."""

    scale: Scale
    width: int

    def x(self, column: float) -> float:
        return _SIDE + column / self.scale.columns * (self.width - 2 * _SIDE)

    def time(self, column: int) -> int:
        return self.scale.window.begin + column * self.scale.ticks_per_column // self.scale.columns_per_tick


def svg(
    rows: Sequence[Row],
    *,
    moment: int | None = None,
    unit: str = "ticks",
    width: int = WIDTH,
    window: Window | None = None,
    order: Sequence[str] = (),
) -> str:
    """The chart as one ``svg`` element, with a text for those who can't see it."""
    whole = bounds(rows, moment)
    drawing = _Drawing(rows, window or whole, width, order)
    pointed = moment if moment is not None and drawing.window.begin <= moment <= drawing.window.end else None
    parts, height = drawing.parts(pointed, unit, whole)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_number(height)}" role="img" '
        f'aria-label="{_text(alternative(rows, moment=moment, unit=unit, window=window))}" class="gantt">{"".join(parts)}</svg>'
    )


def alternative(
    rows: Sequence[Row], *, moment: int | None = None, unit: str = "ticks", window: Window | None = None
) -> str:
    """The chart in words: what runs when in each row, the first spans if there are many."""
    whole = window or bounds(rows, moment)
    each = max(_TOLD // max(len(rows), 1), 1)
    said = [f"Gantt chart, {unit} {whole.begin:,} to {whole.end:,}."]
    if moment is not None:
        said.append(f"Pointed at: {moment:,}.")
    for row in rows:
        spans = [span for span in row.spans if span.start < whole.end and span.end > whole.begin]
        told = ", ".join(f"{span.label} {span.start:,} to {span.end:,}" for span in spans[:each]) or "idle"
        more = f", and {len(spans) - each:,} more" if len(spans) > each else ""
        said.append(f"{row.label}: {told}{more}.")
    return " ".join(said)


class _Drawing:
    """One chart: where its time is, and how each label looks."""

    def __init__(self, rows: Sequence[Row], window: Window, width: int, order: Sequence[str]) -> None:
        self._width = width
        self._place = _Place(Scale.fitting(window, round((width - 2 * _SIDE) * _FINEST)), width)
        self._labels = labels_of(rows, order)
        self._signs = signs_for(self._labels)
        self._looks = {MIXED: "mixed"} | {
            label: f"task tint-{number % TINTS} stroke-{number % STROKES}" for number, label in enumerate(self._labels)
        }
        self._rows = [(row.label, runs(row, self._place.scale)) for row in rows]
        self._few = sum(len(found) for _, found in self._rows) <= _FEW
        self._unnamed: set[str] = set()
        self._mixed = False

    @property
    def window(self) -> Window:
        return self._place.scale.window

    def parts(self, moment: int | None, unit: str, whole: Window) -> tuple[list[str], float]:
        """From the back to the front, and how high all of it is."""
        top = 18.0 if moment is not None else 2.0
        bottom = top + len(self._rows) * (_NAME + _BAND + _GAP)
        parts = [*_axis(self._place, top, bottom, unit)]
        names = []
        for number, (name, found) in enumerate(self._rows):
            y = top + number * (_NAME + _BAND + _GAP) + _NAME
            parts += self._row(found, y, unit)
            names.append(self._name(name, y - 5))
        parts += _moment(self._place, moment, bottom) if moment is not None else []
        lines = [*self._notes(unit, whole)]
        below = bottom + 17
        for line in lines:
            below += _LINE
            parts.append(_label(line, _SIDE, below, "start"))
        key, end = self._key(below + 8)
        return [*parts, *names, *key], end + 8

    def _name(self, name: str, y: float) -> str:
        shown = _cut(name, int((self._width - 2 * _SIDE) / _LETTER))
        return f'<text x="{_number(_SIDE)}" y="{_number(y)}" class="small halo">{_text(shown)}</text>'

    def _row(self, found: list[Run], y: float, unit: str) -> Iterator[str]:
        """The band that shows through where nothing runs, and the spans; of few spans each by itself, with a tooltip."""
        left, right = self._place.x(0), self._place.x(self._place.scale.columns)
        yield _rect(left, y, right - left, _BAND, "idle")
        if self._few:
            yield from (self._span(run, run.label, y, unit) for run in found if run.label is not None)
            return
        together: dict[str, list[Run]] = {}
        for run in found:
            if run.label is not None:
                together.setdefault(run.label, []).append(run)
        self._mixed |= MIXED in together
        self._unnamed |= together.keys()
        yield from (self._spans(label, own, y) for label, own in together.items())

    def _span(self, run: Run, label: str, y: float, unit: str) -> str:
        x, end = self._place.x(run.start), self._place.x(run.end)
        gap = min(0.5, (end - x) / 8)  # so that neighbours of the same label are two
        fits = next((each for each in (label, self._signs.get(label, "")) if len(each) * _LETTER + 3 <= end - x), "")
        self._mixed |= label == MIXED
        if fits != label:
            self._unnamed.add(label)
        words = f'<text x="{_number((x + end) / 2)}" y="{_number(y + 16)}" text-anchor="middle">{_text(fits)}</text>'
        since, until = self._place.time(run.start), self._place.time(run.end)
        return (
            f'<g class="{self._looks[label]}"><title>{_text(label) or "several"}: {since:,} to {until:,} {_text(unit)}</title>'
            f"{_rect(x + gap, y, end - x - 2 * gap, _BAND, 'body')}"
            f'<path d="M{_number(x + gap)} {_number(y + _BAND - 3)}H{_number(end - gap)}"/>{words if fits else ""}</g>'
        )

    def _spans(self, label: str, found: list[Run], y: float) -> str:
        """All spans of a label in one piece: many of them would make the page heavy."""
        pieces = [(self._place.x(run.start), self._place.x(run.end)) for run in found]
        bodies = "".join(
            f"M{_number(x)} {_number(y)}H{_number(end)}v{_number(_BAND)}H{_number(x)}z" for x, end in pieces
        )
        strokes = "".join(f"M{_number(x)} {_number(y + _BAND - 3)}H{_number(end)}" for x, end in pieces)
        return f'<g class="{self._looks[label]}"><path class="body" d="{bodies}"/><path d="{strokes}"/></g>'

    def _notes(self, unit: str, whole: Window) -> Iterator[str]:
        if self.window != whole:
            yield f"Shown: {self.window.begin:,} to {self.window.end:,} of {whole.end:,} {unit}."
        if (each := self._place.scale.ticks_per_column) > 1:
            mixed = "; grey if nothing ran for a third of them" if self._mixed else ""
            yield f"Each {each:,} {unit} show what ran longest in them{mixed}."

    def _key(self, y: float) -> tuple[list[str], float]:
        """What the looks mean whose label did not fit everywhere, the first ones if there are many."""
        parts, x, wanted = [], _SIDE, [label for label in self._labels if label in self._unnamed]
        for label in wanted[:_KEYED]:
            sign = self._signs[label] if self._signs[label] != OTHERS else ""
            shown = _cut(label, 24)
            needed = 24 + len(shown) * _LETTER + 14
            if x > _SIDE and x + needed > self._width:
                x, y = _SIDE, y + _KEY_LINE
            parts.append(
                f'<g class="{self._looks[label]}">{_rect(x, y, 18, 16, "body")}'
                f'<path d="M{_number(x)} {_number(y + 14.5)}h18"/>'
                f'<text x="{_number(x + 9)}" y="{_number(y + 11)}" text-anchor="middle">{_text(sign)}</text>'
                f'<text x="{_number(x + 24)}" y="{_number(y + 12)}">{_text(shown)}</text></g>'
            )
            x += needed
        if len(wanted) > _KEYED:
            y += _KEY_LINE
            parts.append(_label(f"… and {len(wanted) - _KEYED:,} more", _SIDE, y + 12, "start"))
        return parts, y + 16 if parts else y


def _axis(place: _Place, top: float, bottom: float, unit: str) -> Iterator[str]:
    """Round numbers below, their lines up through the rows, and the unit behind the last of them."""
    scale = place.scale
    per_tick = (place.width - 2 * _SIDE) / scale.columns * scale.columns_per_tick / scale.ticks_per_column
    step = round_step((len(f"{scale.window.end:,}") * _LETTER + 14) / per_tick)
    at = [(_time_x(place, tick), f"{tick:,}") for tick in round_ticks(scale.window, step)]
    grid = "".join(f"M{_number(x)} {_number(top)}V{_number(bottom + 4)}" for x, _ in at)
    yield f'<path class="faint grid" d="{grid}"/>'
    yield f'<path class="axis" d="M{_number(place.x(0))} {_number(bottom)}H{_number(place.x(scale.columns))}"/>'
    unit_from = place.width - len(unit) * _LETTER - 6
    for x, text in at:
        half = len(text) * _LETTER / 2
        if x + half <= unit_from:
            yield _label(text, max(x, half), bottom + 17, "middle")
    yield _label(unit, place.width, bottom + 17, "end")


def _moment(place: _Place, moment: int, bottom: float) -> Iterator[str]:
    x, words = _time_x(place, moment), f"at {moment:,}"
    right = x + 9 + len(words) * _LETTER <= place.width
    yield f'<path class="accent mark" d="M{_number(x)} 14V{_number(bottom + 4)}"/>'
    yield f'<path class="accent head" d="M{_number(x - 5)} 5H{_number(x + 5)}L{_number(x)} 14Z"/>'
    where = f'x="{_number(x + 9)}"' if right else f'x="{_number(x - 9)}" text-anchor="end"'
    yield f'<text {where} y="13" class="accent small">{words}</text>'


def _time_x(place: _Place, time: int) -> float:
    """The exact place of a time, which may be within a column."""
    scale = place.scale
    return place.x((time - scale.window.begin) * scale.columns_per_tick / scale.ticks_per_column)


def _label(text: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}" class="dim small">{_text(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, look: str) -> str:
    named = f' class="{look}"' if look else ""
    return f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}"{named}/>'


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _text(text: str) -> str:
    """``text`` on one line, as markup, with nothing in it that XML can't carry."""
    shown = " ".join(printable(text).split())
    return escape("".join("\ufffd" if character in "\ufffe\uffff" else character for character in shown))


def _number(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 1e5 else f"{value:.0f}"
