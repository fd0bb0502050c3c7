"""A schedule for people at a terminal: the chart, what each task got, and the whole in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from climb.gantt.axis import Window, bounds
from climb.gantt.facts import columns_needed, table
from climb.gantt.text import Piece, chart
from climb.systems.scheduler.model import Schedule, Workload
from climb.systems.scheduler.output.measures import Facts, summary_facts, task_facts, title
from climb.systems.scheduler.output.rows import rows_of

__all__ = ["coloured", "fitting", "lines", "table_lines"]

_MOST_TASKS = 20  # of more, those that waited longest; a file has room for all
_FEW_LINES = 20  # more charts below one another are too many to be proposed
_MARGIN = "  "
_NAMES = len("cpu 63  ") + 1  # columns beside those of the ticks
_SPANS = ("cyan", "yellow", "magenta", "blue", "bright_cyan", "bright_yellow", "bright_magenta", "bright_blue")
_STYLES = {"label": "", "idle": "dim", "mixed": "", "axis": "dim", "moment": "bold", "note": "dim"}
_ROWS = {"head": "dim", "row": "", "marked": "bold"}


def lines(
    workload: Workload,
    schedule: Schedule,
    *,
    name: str,
    width: int,
    ascii_only: bool,
    every_tick: bool = False,
    most_tasks: int = _MOST_TASKS,
) -> Iterator[Text]:
    """All of it in lines of at most ``width`` columns. Colour tells nothing that the text does not.

    With ``every_tick`` the chart goes on in further lines rather than let a column hold several ticks.
    """
    room = width - len(_MARGIN)
    yield from _indented(_flowed([title(workload, schedule, name)], room, style="bold"))
    yield Text()
    rows = rows_of(schedule.timeline, workload.cpus)
    whole = bounds(rows)
    length = max((room - _NAMES) // 10 * 10, 10)
    continued = every_tick and whole.length > length
    for begin in range(whole.begin, whole.end, length) if continued else [whole.begin]:
        part = Window(begin, min(begin + length, whole.end)) if continued else whole
        order = [task.id for task in workload.tasks]
        drawn = chart(rows, width=room, ascii=ascii_only, order=order, window=part, continued=continued)
        yield from _indented(coloured(drawn))
        if room < whole.length <= _FEW_LINES * room and not continued:
            yield Text(f"{_MARGIN}--every-tick gives each tick a column.", style="dim")
        yield Text()
    facts = fitting(task_facts(workload, schedule, most=most_tasks), room, least=("bursts", "arrival"))
    yield from _indented(table_lines(facts, room, ascii_only=ascii_only))
    yield Text()
    sums = [f"{fact} {value}" for fact, value in summary_facts(workload, schedule)]
    yield from _indented(_flowed(sums, room))


def coloured(drawn: Sequence[Sequence[Piece]]) -> Iterator[Text]:
    """A chart's lines; spans of the same label have the same colour."""
    for line in drawn:
        yield Text.assemble(*((piece.text, _style(piece)) for piece in line))


def table_lines(facts: Facts, width: int, *, ascii_only: bool, mark: int | None = None) -> Iterator[Text]:
    """A table, and how much of it was left out."""
    for line in table(facts.columns, facts.rows, width=width, ascii=ascii_only, mark=mark):
        yield Text(line.text, style=_ROWS[line.kind])
    if facts.left_out:
        shown = f"The {len(facts.rows)} that waited longest; {facts.left_out:,} more with --output json."
        yield from _flowed([shown], width, style="dim")


def fitting(facts: Facts, width: int, *, least: Sequence[str]) -> Facts:
    """The table without the columns that matter least, as far as that lets each row be a line."""
    for name in least:
        if columns_needed(facts.columns, facts.rows) > width:
            facts = facts.without(name)
    return facts


def _style(piece: Piece) -> str:
    return _SPANS[piece.number % len(_SPANS)] if piece.kind == "span" else _STYLES[piece.kind]


def _flowed(facts: Sequence[str], width: int, style: str = "") -> Iterator[Text]:
    """Facts side by side, as many as fit; words of one that is too long on several lines."""
    line = ""
    for fact in facts:
        parts = [fact] if cell_len(fact) <= width else fact.split(" ")
        for part in parts:
            gap = "   " if part is fact else " "
            if line and cell_len(line) + len(gap) + cell_len(part) > width:
                yield Text(line, style=style)
                line = part
            else:
                line = line + gap + part if line else part
    if line:
        yield Text(line, style=style)


def _indented(texts: Iterator[Text]) -> Iterator[Text]:
    return (Text(_MARGIN) + text for text in texts)
