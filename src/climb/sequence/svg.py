"""Sequence diagrams as SVG without colours of their own: classes of the site's stylesheet.

Each step is a row with its time at the left. A label stands above its arrow, on as many lines as it needs; what is lost ends in a
cross, what is shaded has a band behind its rows, and the step to point at has a frame: nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from climb.printable import printable
from climb.sequence.model import Arrow, Diagram, Gap, Note
from climb.sequence.rows import Row, alternative, messages, ordered, rows, seconds

__all__ = ["WIDTH", "svg"]

WIDTH = 360  # less than plots have, so that a phone shows all actors at once, and a label may take several lines
_LETTER = 7.3  # of the monospaced 12-unit text, rather more than less
_LINE = 15.0
_TIME_GAP = 22.0  # between the times and the first actor
_RIGHT = 14.0  # beyond the last actor
_HEAD, _SIGN = 8.0, 4.5
_LOST = 0.12  # of an arrow's length that is missing when it is lost
_MOST_LINES = 6


def svg(diagram: Diagram) -> str:
    """The diagram as one ``svg`` element, with a text for those who can't see it."""
    drawing = _Drawing(diagram)
    parts, height = drawing.parts()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_number(height)}" role="img" '
        f'aria-label="{_text(alternative(diagram))}" class="sequence">{"".join(parts)}</svg>'
    )


class _Drawing:
    """One diagram, from the names downwards; what is behind and what is before are kept apart."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        times = max((len(seconds(step.at)) for step in diagram.steps), default=7)
        self._left = max(times, 7) * _LETTER + _TIME_GAP
        self._shades: list[tuple[float, float]] = []  # from, up to; those of neighbouring rows are one
        self._frames: list[str] = []
        self._lives: list[str] = []
        self._before: list[str] = []
        self._halo = "halo"  # as the ground of the row is
        count = len(diagram.actors)
        span = WIDTH - _RIGHT - self._left
        self._lanes = [self._left + span * number / max(count - 1, 1) for number in range(count)]

    def parts(self) -> tuple[list[str], float]:
        """From the back to the front, and how high all of it is."""
        y = self._names()
        for row in rows(self._diagram):
            y = self._row(row, y)
        shades = [_band(top, end) for top, end in self._shades]
        return [*shades, *self._frames, *self._lives, *self._before], y + 6

    def _names(self) -> float:
        """Names above their lines, one below the other where they would touch."""
        y, free = 14.0, 0.0
        for number, (name, lane) in enumerate(zip(self._diagram.actors, self._lanes, strict=True)):
            shown = _cut(_clean(name), int((WIDTH - self._left) / _LETTER))
            wide = len(shown) * _LETTER
            begin = max(min(lane - wide / 2, WIDTH - wide), self._left - _TIME_GAP / 3)
            if number and begin < free:
                self._lines_at(y - _LINE + 4, y + 4, self._lanes[:number])
                y += _LINE
            free = begin + wide + 8
            self._before.append(f'<text x="{_number(begin)}" y="{_number(y)}" class="strong">{_text(shown)}</text>')
        self._before.append(_label("seconds", 0, y))
        self._lines_at(y + 4, y + 8, self._lanes)
        return y + 8

    def _lines_at(self, top: float, bottom: float, lanes: list[float]) -> None:
        path = "".join(f"M{_number(x)} {_number(top)}V{_number(bottom)}" for x in lanes)
        self._lives.append(f'<path class="life" d="{path}"/>')

    def _row(self, row: Row, y: float) -> float:
        self._halo = "halo on-mark" if row.marked else "halo on-shade" if row.shaded else "halo"
        match row.step:
            case Arrow():
                height = self._arrow(row.step, y)
                beside = height - 5
            case Note():
                height, beside = self._note(row.step, y), 14.0
            case Gap():
                height, beside = self._gap(row.step, y), 14.0
        self._before.append(_label(seconds(row.step.at), self._left - _TIME_GAP + 8, y + beside, "end"))
        self._ground(row, y, height)
        return y + height

    def _ground(self, row: Row, y: float, height: float) -> None:
        """The shade and the frame of a row, and the actors' lines through it."""
        if row.shaded:
            top = self._shades.pop()[0] if self._shades and self._shades[-1][1] == y else y
            self._shades.append((top, y + height))
        if row.marked:
            self._frames.append(
                f'<rect class="marked" x="1" y="{_number(y + 1)}" width="{WIDTH - 2}" height="{_number(height - 2)}"/>'
            )
        for lane, actor in zip(self._lanes, self._diagram.actors, strict=True):
            look = "folded" if isinstance(row.step, Gap) else row.states[actor]
            self._lives.append(f'<path class="life {look}" d="M{_number(lane)} {_number(y)}V{_number(y + height)}"/>')

    def _arrow(self, arrow: Arrow, y: float) -> float:
        sender, receiver = ordered(self._diagram, arrow)
        begin, end = self._lanes[sender], self._lanes[receiver]
        label = _clean(arrow.label)
        height = 6 + _LINE * self._words(label, begin, end, y + 4) + 8
        self._stroke(begin, end, y + height - 8, arrived=arrow.arrived)
        return height

    def _words(self, label: str, begin: float, end: float, y: float) -> int:
        """A label at its sender, if it fits between the two; else from the left one of them, as far as there is room."""
        low, high = min(begin, end), max(begin, end)
        if len(label) * _LETTER <= high - low - 16:
            at_right = end < begin
            self._before.append(
                _label(label, high - 8 if at_right else low + 8, y + 11, "end" if at_right else "start", self._halo)
            )
            return 1
        left = min(low, self._left + (WIDTH - self._left) / 2)
        parts = _broken(label, int((WIDTH - left - 8) / _LETTER))
        for number, part in enumerate(parts):
            self._before.append(_label(part, left + 8, y + 11 + number * _LINE, "start", self._halo))
        return len(parts)

    def _stroke(self, begin: float, end: float, y: float, *, arrived: bool) -> None:
        way = 1 if end > begin else -1
        stop = end if arrived else end - (end - begin) * _LOST
        look = "told" if arrived else "told lost"
        self._before.append(f'<path class="{look}" d="M{_number(begin)} {_number(y)}H{_number(stop)}"/>')
        if arrived:
            back = end - way * _HEAD
            head = f"M{_number(back)} {_number(y - 4)}L{_number(end)} {_number(y)}L{_number(back)} {_number(y + 4)}z"
            self._before.append(f'<path class="head" d="{head}"/>')
        else:
            self._before.append(_cross(stop, y))

    def _note(self, note: Note, y: float) -> float:
        label = _clean(note.label)
        if note.actor not in self._diagram.actors:
            return self._across(label, self._left + 8, y, "dim")
        lane = self._lanes[self._diagram.actors.index(note.actor)]
        sign_y = y + 10
        self._before.append(_sign(note, lane, sign_y))
        wide = len(label) * _LETTER
        if lane + 10 + wide <= WIDTH:
            self._before.append(_label(label, lane + 10, y + 14, "start", self._halo))
            return 21
        if lane - 10 - wide >= self._left - 4:
            self._before.append(_label(label, lane - 10, y + 14, "end", self._halo))
            return 21
        return 18 + self._across(label, self._left + 8, y + 18, "")

    def _across(self, words: str, x: float, y: float, look: str) -> float:
        parts = _broken(words, int((WIDTH - x) / _LETTER))
        for number, part in enumerate(parts):
            self._before.append(_label(part, x, y + 14 + number * _LINE, "start", f"{look} {self._halo}".strip()))
        return 6 + _LINE * len(parts)

    def _gap(self, gap: Gap, y: float) -> float:
        return self._across(f"… {messages(gap)}", self._left + 8, y, "dim") + 2


def _sign(note: Note, x: float, y: float) -> str:
    """What happened, as a shape: a cross for an end, a disc for a beginning, two bars for a pause, a ring for anything else."""
    if note.state == "down":
        return _cross(x, y)
    if note.state == "paused":
        bars = "".join(f"M{_number(x + dx)} {_number(y - 5)}v10" for dx in (-2.5, 2.5))
        return f'<path class="sign" d="{bars}"/>'
    look = "head" if note.state == "running" else "ring"
    return f'<circle class="{look}" cx="{_number(x)}" cy="{_number(y)}" r="{_SIGN}"/>'


def _band(top: float, end: float) -> str:
    return f'<rect class="shade" x="0" y="{_number(top)}" width="{WIDTH}" height="{_number(end - top)}"/>'


def _cross(x: float, y: float) -> str:
    left, right, top, bottom = (_number(each) for each in (x - _SIGN, x + _SIGN, y - _SIGN, y + _SIGN))
    return f'<path class="sign" d="M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}"/>'


def _label(text: str, x: float, y: float, anchor: str = "start", look: str = "dim") -> str:
    anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{_number(x)}" y="{_number(y)}"{anchored} class="{look}">{_text(text)}</text>'


def _broken(text: str, room: int) -> list[str]:
    """``text`` in lines of at most ``room`` letters; what does not fit on the last is cut."""
    parts: list[str] = []
    for word in _words_of(text, max(room, 4)):
        if parts and len(parts[-1]) + 1 + len(word) <= room:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    if len(parts) > _MOST_LINES:
        parts = [*parts[: _MOST_LINES - 1], _cut(parts[_MOST_LINES - 1] + "…" * 2, room)]
    return parts or [""]


def _words_of(text: str, room: int) -> Iterator[str]:
    for word in text.split():
        for begin in range(0, len(word), room):
            yield word[begin : begin + room]


def _clean(text: str) -> str:
    """``text`` on one line, with nothing in it that XML can't carry."""
    shown = " ".join(printable(text).split())
    return "".join("\ufffd" if character in "\ufffe\uffff" else character for character in shown)


def _text(text: str) -> str:
    return escape(_clean(text))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 1, 1)]}…"


def _number(value: float) -> str:
    return f"{round(value, 1):g}"
