"""The few pieces that our drawn plots are made of. Colours and type come from the stylesheet, by class."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from markupsafe import Markup

from climb.labs.scale import Scale
from climb.workbench.render.lettering import text_width

__all__ = [
    "LINE",
    "SMALL",
    "WIDTH",
    "element",
    "label",
    "line_path",
    "number",
    "picture",
    "segments",
    "ticks_side_by_side",
]

WIDTH = 440.0  # of every plot, in its own units: small text stays readable when a phone shows it at three quarters
SMALL = 12.0  # the smallest font size
LINE = 16.0  # from one line of small text to the next


def number(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{round(value, 1):g}"


def element(name: str, /, **attributes: str | float) -> Markup:
    """An empty element; ``_`` in an attribute's name is ``-``, and ``class_`` is ``class``."""
    written = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value if isinstance(value, str) else number(value))
        for key, value in attributes.items()
    )
    return Markup("<{}{}/>").format(Markup(name), written)  # noqa: S704 - our own names


def _kept_within(x: float, wide: float, anchor: str) -> float:
    """``x`` for a text of that width, moved if need be so that all of the text is within the plot's width."""
    before = {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
    return max(min(x, WIDTH - (wide - before)), before)


def label(text: str, x: float, y: float, *, class_: str, anchor: str = "start") -> Markup:
    """A line of small text whose baseline is at ``y``, within the plot's width."""
    x = _kept_within(x, text_width(text, SMALL), anchor)
    anchored = "" if anchor == "start" else Markup(' text-anchor="{}"').format(anchor)
    return Markup('<text x="{}" y="{}"{} class="{}">{}</text>').format(number(x), number(y), anchored, class_, text)


def line_path(points: Iterable[tuple[float, float]]) -> str:
    """A path along ``points``."""
    return "M" + " L".join(f"{number(x)} {number(y)}" for x, y in points)


def segments(pieces: Iterable[tuple[float, float, float, float]]) -> str:
    """A path of separate straight pieces."""
    return " ".join(f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}" for x1, y1, x2, y2 in pieces)


def picture(parts: Iterable[Markup], height: float, alternative: str) -> Markup:
    """The drawing itself, named by ``alternative`` for those who can't see it."""
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(number(WIDTH), number(height), alternative, Markup("").join(parts))


def ticks_side_by_side(scale: Scale, place: Callable[[float], float], wanted: int) -> tuple[float, ...]:
    """The ticks of a horizontal axis: ``wanted``, or as many as can be written without touching."""
    for count in range(wanted, 0, -1):
        ticks = scale.ticks(count)
        wide = [text_width(scale.label(tick), SMALL) for tick in ticks]
        at = [_kept_within(place(tick), each, "middle") for tick, each in zip(ticks, wide, strict=True)]
        if all(at[i + 1] - at[i] >= (wide[i] + wide[i + 1]) / 2 + 8 for i in range(len(ticks) - 1)):
            return ticks
    return ()
