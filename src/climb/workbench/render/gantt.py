"""Timelines and tables of a run as figures of its page: the drawing, and under it what it shows as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from climb.gantt.axis import Window, around, bounds
from climb.gantt.facts import are_figures
from climb.gantt.svg import svg
from climb.judge.evidence import Table, Timeline
from climb.workbench.render.lettering import clean

__all__ = ["facts_table", "timeline_chart"]

_LONG = 400  # of the timeline's unit; a longer one is shown around its moment
_AROUND = 60
_ROWS_MOST = 200  # of the spans as text; the stored verdict has the rest


def timeline_chart(piece: Timeline) -> Markup:
    """A Gantt chart. A long one with a moment is shown around it, where every tick can be seen."""
    drawing = svg(piece.rows, moment=piece.moment, unit=clean(piece.unit), window=_window(piece))
    return Markup('<figure class="plot"><figcaption>{}</figcaption>{}{}</figure>').format(
        clean(piece.subject),
        Markup(drawing),  # noqa: S704 - it escapes what it is given
        _as_text(piece),
    )


def facts_table(piece: Table) -> Markup:
    """A table; the row to point at has an arrow, and says so to those who can't see it."""
    figures = [are_figures([row[at] for row in piece.rows]) for at in range(len(piece.columns))]
    head = _joined(
        Markup('<th scope="col"{}>{}</th>').format(_class(figure), clean(name))
        for name, figure in zip(piece.columns, figures, strict=True)
    )
    pointer = (
        Markup('<th class="pointer"><span class="unseen">Pointed at</span></th>') if piece.mark is not None else ""
    )
    body = _joined(_facts_row(piece, at, figures) for at in range(len(piece.rows)))
    return Markup(
        '<p class="label">{0}</p><div class="wide" tabindex="0" role="region" aria-label="{0}">'
        '<table class="facts-table"><thead><tr>{1}{2}</tr></thead><tbody>{3}</tbody></table></div>'
    ).format(clean(piece.subject), pointer, head, body)


def _facts_row(piece: Table, at: int, figures: Sequence[bool]) -> Markup:
    first, *rest = map(clean, piece.rows[at])
    marked = at == piece.mark
    arrow = Markup('<span aria-hidden="true">→</span><span class="unseen">this one</span>') if marked else ""
    pointer = Markup('<td class="pointer">{}</td>').format(arrow) if piece.mark is not None else ""
    cells = _joined(
        Markup("<td{}>{}</td>").format(_class(figure), cell) for cell, figure in zip(rest, figures[1:], strict=True)
    )
    return Markup('<tr{}>{}<th scope="row"{}>{}</th>{}</tr>').format(
        Markup(' class="marked"') if marked else "", pointer, _class(figures[0]), first, cells
    )


def _window(piece: Timeline) -> Window | None:
    whole = bounds(piece.rows, piece.moment)
    if piece.moment is None or whole.length <= _LONG:
        return None
    return around(whole, piece.moment, _AROUND)


def _as_text(piece: Timeline) -> Markup:
    """Every span as a row of a table."""
    spans = [(clean(row.label), span) for row in piece.rows for span in row.spans]
    rows = _joined(
        Markup(
            '<tr><th scope="row">{}</th><td>{}</td><td class="figure">{:,}</td><td class="figure">{:,}</td></tr>'
        ).format(name, clean(span.label), span.start, span.end)
        for name, span in spans[:_ROWS_MOST]
    )
    left = (
        Markup("<p>The first {} of {:,} spans.</p>").format(_ROWS_MOST, len(spans)) if len(spans) > _ROWS_MOST else ""
    )
    unit = clean(piece.unit)
    return Markup(
        '<details><summary>The spans</summary><div class="wide" tabindex="0" role="region" aria-label="The spans of: {}">'
        '<table><thead><tr><th scope="col">where</th><th scope="col">what</th><th scope="col" class="figure">from ({})</th>'
        '<th scope="col" class="figure">up to ({})</th></tr></thead><tbody>{}</tbody></table></div>{}</details>'
    ).format(clean(piece.subject), unit, unit, rows, left)


def _class(figure: bool) -> Markup:
    return Markup(' class="figure"') if figure else Markup("")


def _joined(parts: Iterator[Markup]) -> Markup:
    return Markup("").join(parts)
