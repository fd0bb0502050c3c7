"""Stretches of a line plot in which something was wrong: shaded from top to bottom, with their names above them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from climb.labs.plot import Span
from climb.labs.scale import Scale
from climb.workbench.render.lettering import clean, text_width, wrapped
from climb.workbench.render.svg import LINE, SMALL, WIDTH, element, label, segments

__all__ = ["draw_spans", "label_rows"]

_ROWS_MOST = 4
_NARROWEST = 2.0  # or else a short fault could not be seen
_Placed = tuple[int, float, float, str]  # the row, where the stretch and where the words begin, and the words


def label_rows(spans: Sequence[Span], x: Scale, left: float, width: float) -> int:
    """How many lines of text the names take above the plot."""
    return max((row + 1 for row, _, _, _ in _labels(spans, x, left, width)), default=0)


def draw_spans(
    spans: Sequence[Span], x: Scale, left: float, width: float, labels_top: float, top: float, height: float
) -> Iterator[Markup]:
    """The shades with their edges, and the names above them; an edge leads up to each name."""
    bottom = top + height
    for span in spans:
        begin, end = _ends(span, x, left, width)
        yield element("rect", class_="shade", x=begin, y=top, width=end - begin, height=height)
        yield element("path", class_="shade-edge", d=segments([(begin, top, begin, bottom), (end, top, end, bottom)]))
    placed = [*_labels(spans, x, left, width)]
    baselines = [labels_top + LINE * (row + 1) - 4 for row, _, _, _ in placed]
    for (_, edge, _, _), baseline in zip(placed, baselines, strict=True):
        yield element("path", class_="shade-edge", d=segments([(edge, baseline - 8, edge, top)]))
    for (_, edge, begin, words), baseline in zip(placed, baselines, strict=True):
        x_at, anchor = (edge - 4, "end") if begin < edge else (begin, "start")
        yield label(words, x_at, baseline, class_="small halo", anchor=anchor)


def _ends(span: Span, x: Scale, left: float, width: float) -> tuple[float, float]:
    begin, end = left + width * x.share(span.start), left + width * x.share(span.end)
    return begin, max(end, begin + _NARROWEST)


def _labels(spans: Sequence[Span], x: Scale, left: float, width: float) -> Iterator[_Placed]:
    """Each name once, and again where there is room for it; what would need a fifth row is told in the numbers only."""
    free = [0.0] * _ROWS_MOST
    told: set[str] = set()
    for span in spans:
        words = next(iter(wrapped(clean(span.label), SMALL, WIDTH - 8, most=1)), "")
        if not words:
            continue
        wide = text_width(words, SMALL) + 8
        edge, _ = _ends(span, x, left, width)
        begin = edge + 4 if edge + wide <= WIDTH else max(edge - wide + 4, 0.0)
        used = sum(each > 0 for each in free)
        rows = range(_ROWS_MOST if words not in told else used)
        row = next((row for row in rows if free[row] <= begin), None)
        if row is not None:
            free[row] = max(begin + wide, edge + 4)
            told.add(words)
            yield row, edge, begin, words
