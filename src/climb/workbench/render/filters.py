"""How values are written on pages."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Callable, Sequence
from typing import Any

from climb.counted import counted
from climb.course.loader import course
from climb.judge.telling import exchange_head, life_sentence, start_line
from climb.labs.scale import figure
from climb.labs.words import number
from climb.printable import printable
from climb.workbench.render.gantt import facts_table, timeline_chart
from climb.workbench.render.markdown import inline_markdown, markdown
from climb.workbench.render.offsets import with_offsets
from climb.workbench.render.plot import latencies, plot, reading, series
from climb.workbench.render.sequence import sequence_chart

__all__ = ["FILTERS"]


def seconds(value: float) -> str:
    """A duration: 0.21 s, 3.4 s, 75 s."""
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s" if value < 60 else f"{value:.0f} s"


def moment(text: str) -> str:
    """A stored time in this machine's zone, to the minute."""
    try:
        return dt.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def concept_links(names: Sequence[str]) -> list[tuple[str, str]]:
    """The pages that these names of concepts lead to, each once: slug and title."""
    found = (course().concept(name) for name in names)
    return list(dict.fromkeys((concept.slug, concept.title) for concept in found if concept is not None))


FILTERS: dict[str, Callable[..., Any]] = {
    "concept_links": concept_links,
    "count": counted,
    "exchange_head": exchange_head,
    "facts_table": facts_table,
    "figure": figure,
    "inline_markdown": inline_markdown,
    "latencies_plot": latencies,
    "life_sentence": life_sentence,
    "markdown": markdown,
    "moment": moment,
    "number": number,
    "plot": plot,
    "printable": printable,
    "reading_plot": reading,
    "seconds": seconds,
    "sequence_chart": sequence_chart,
    "series_plot": series,
    "start_line": start_line,
    "timeline_chart": timeline_chart,
    "with_offsets": with_offsets,
    "words": shlex.join,
}
