"""The tables under the charts: what each schedule is worth, and what each task got."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from climb.systems.scheduler.model import Summary, Task, TaskMeasures, Workload
from climb.workbench.schedules.messages import Panel

__all__ = ["MEASURES", "MOST_ROWS", "PER_TASK", "Cell", "Measure", "TaskRow", "names_of", "summary_table", "task_rows"]

MOST_ROWS = 100  # tasks in the table
_LONGEST = 80  # characters of a name that are shown
PER_TASK = ("turnaround", "waiting", "response", "switches")


class Measure(msgspec.Struct, frozen=True):
    """A number of a schedule: how it is called, where it is, how it is written, and which end is the good one, if any."""

    label: str
    of: Callable[[Summary], float]
    form: str
    smaller_is_better: bool | None


class Cell(msgspec.Struct, frozen=True):
    """What stands in a table, and whether none beside it is better."""

    text: str
    best: bool


class TaskRow(msgspec.Struct, frozen=True):
    """One task: what it asks for, and for each measure what it got from each policy."""

    name: str
    arrival: int
    work: int
    io: int
    cells: tuple[tuple[Cell, ...], ...]


MEASURES = (
    Measure("mean turnaround", lambda summary: summary.mean_turnaround, ",.1f", True),
    Measure("mean waiting", lambda summary: summary.mean_waiting, ",.1f", True),
    Measure("mean response", lambda summary: summary.mean_response, ",.1f", True),
    Measure("fairness", lambda summary: summary.fairness, ".3f", False),
    Measure("switches", lambda summary: summary.switches, ",", None),
    Measure("utilization", lambda summary: summary.utilization, ".1%", False),
    Measure("makespan", lambda summary: summary.makespan, ",", True),
    Measure("missed deadlines", lambda summary: summary.missed_deadlines, ",", True),
)


def summary_table(summaries: Sequence[Summary]) -> tuple[list[str], list[list[Cell]]]:
    """The measures' names, and a row of cells for each schedule. Missed deadlines are told where there are some."""
    shown = MEASURES if any(summary.missed_deadlines for summary in summaries) else MEASURES[:-1]
    columns = [_cells([measure.of(summary) for summary in summaries], measure) for measure in shown]
    return [measure.label for measure in shown], [list(row) for row in zip(*columns, strict=True)]


def task_rows(workload: Workload, panels: Sequence[Panel]) -> list[TaskRow]:
    """The first tasks, as many as a page can carry."""
    shown = zip(names_of(workload), workload.tasks[:MOST_ROWS], strict=False)
    return [
        _task_row(name, task, [panel.measures[index] for panel in panels]) for index, (name, task) in enumerate(shown)
    ]


def names_of(workload: Workload) -> list[str]:
    """What the tasks are called on the page, where each name comes many times: their ids, or the beginning of one without end."""
    return [task.id if len(task.id) <= _LONGEST else f"{task.id[: _LONGEST - 1]}…" for task in workload.tasks]


def _task_row(name: str, task: Task, got: Sequence[TaskMeasures | None]) -> TaskRow:
    cells = tuple(_figures([getattr(each, name) if each else None for each in got], name) for name in PER_TASK)
    return TaskRow(name, task.arrival, sum(task.bursts[::2]), sum(task.bursts[1::2]), cells)


def _figures(values: Sequence[int | None], name: str) -> tuple[Cell, ...]:
    known = [value for value in values if value is not None]
    telling = len(set(known)) > 1 and name != "switches"
    return tuple(Cell("–" if value is None else f"{value:,}", telling and value == min(known)) for value in values)


def _cells(values: Sequence[float], measure: Measure) -> list[Cell]:
    texts = [format(value, measure.form) for value in values]
    if measure.smaller_is_better is None or len(set(texts)) < 2:
        return [Cell(text, False) for text in texts]
    best = min(values) if measure.smaller_is_better else max(values)
    return [Cell(text, value == best) for text, value in zip(texts, values, strict=True)]
