"""Tables, timelines, sequences and plots of a report: laid out for the width that there is, in signs that the terminal has."""

from __future__ import annotations

import msgspec
from rich.text import Text

from climb.cli.plots import draw, signs_for
from climb.gantt.axis import Window, around, bounds
from climb.gantt.facts import table
from climb.gantt.text import chart
from climb.judge.evidence import Latencies, Sequence, Series, Table, Timeline
from climb.printable import printable
from climb.progress.series_plots import latencies_plot, series_plot
from climb.sequence.model import Diagram
from climb.sequence.text import lines as sequence

__all__ = ["latency_lines", "sequence_lines", "series_lines", "table_lines", "timeline_lines"]

_PIECES = {"label": "", "span": "", "idle": "dim", "mixed": "", "axis": "dim", "moment": "bold", "note": "dim"}
_ROWS = {"head": "dim", "row": "", "marked": "bold"}
_STEPS = {
    "head": "bold", "time": "dim", "line": "dim", "arrow": "", "lost": "", "note": "", "shade": "dim", "mark": "bold", "gap": "dim",
}  # fmt: skip
_LONG = 3  # widths; a longer timeline is shown around its moment


def timeline_lines(piece: Timeline, width: int, *, ascii_only: bool) -> list[Text]:
    """The chart. A long one with a moment is shown around it, where every tick can be seen."""
    lines = chart(
        piece.rows,
        width=width,
        moment=piece.moment,
        unit=printable(piece.unit),
        ascii=ascii_only,
        window=_window(piece, width),
    )
    return [Text.assemble(*((part.text, _PIECES[part.kind]) for part in line)) for line in lines]


def table_lines(piece: Table, width: int, *, ascii_only: bool) -> list[Text]:
    """In columns, if they fit; else the facts of each row behind its first cell."""
    lines = table(piece.columns, piece.rows, width=width, mark=piece.mark, ascii=ascii_only)
    return [Text(line.text, style=_ROWS[line.kind]) for line in lines]


def sequence_lines(piece: Sequence, width: int, *, ascii_only: bool) -> list[Text]:
    """The diagram; the step to point at has an arrow beside its time."""
    diagram = Diagram(actors=piece.actors, steps=piece.steps, shades=piece.shades, mark=piece.mark)
    drawn = sequence(diagram, width=width, ascii=ascii_only)
    return [Text.assemble(*((part.text, _STEPS[part.kind]) for part in line)) for line in drawn]


def series_lines(piece: Series, width: int, *, ascii_only: bool) -> list[Text]:
    """A plot, without its title: the report has said what it is."""
    return draw(msgspec.structs.replace(series_plot(piece), title=""), width, signs_for(ascii_only=ascii_only))


def latency_lines(piece: Latencies, width: int, *, ascii_only: bool) -> list[Text]:
    """A plot by percentile, without its title."""
    return draw(msgspec.structs.replace(latencies_plot(piece), title=""), width, signs_for(ascii_only=ascii_only))


def _window(piece: Timeline, width: int) -> Window | None:
    whole = bounds(piece.rows, piece.moment)
    if piece.moment is None or whole.length <= _LONG * width:
        return None
    return around(whole, piece.moment, max(width // 2, 1))
