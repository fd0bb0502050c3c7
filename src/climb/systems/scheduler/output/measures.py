"""What a schedule measures, as rows of texts: the same in the terminal and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from climb.systems.scheduler.model import Schedule, Task, Workload

__all__ = ["Facts", "figure", "summary_facts", "task_facts", "title"]


class Facts(NamedTuple):
    """A table: headings, rows of as many cells, and how many rows were left out."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    left_out: int = 0

    def without(self, name: str) -> Facts:
        """The same without one column."""
        at = self.columns.index(name)
        rows = [row[:at] + row[at + 1 :] for row in self.rows]
        return Facts(self.columns[:at] + self.columns[at + 1 :], rows, self.left_out)


def title(workload: Workload, schedule: Schedule, name: str) -> str:
    """What was scheduled, in one line."""
    tasks, cpus = len(workload.tasks), workload.cpus
    counted = f"{tasks:,} {'task' if tasks == 1 else 'tasks'}, {cpus} {'processor' if cpus == 1 else 'processors'}"
    return f"{schedule.policy}: {name}, {counted}"


def task_facts(workload: Workload, schedule: Schedule, *, most: int) -> Facts:
    """What each task got, in the workload's order; of more than ``most`` those that waited longest.

    A recording has tasks of which no turn is as long as a tick; they got nothing that could be told.
    """
    measured = [task for task in workload.tasks if task.id in schedule.tasks]
    rows = measured
    if len(rows) > most:
        rows = sorted(rows, key=lambda task: -schedule.tasks[task.id].waiting)[:most]
    columns = ("task", "arrival", "bursts", "completion", "turnaround", "waiting", "response", "switches")
    return Facts(columns, [_task_row(task, schedule) for task in rows], len(measured) - len(rows))


def _task_row(task: Task, schedule: Schedule) -> tuple[str, ...]:
    got = schedule.tasks[task.id]
    figures = (got.completion, got.turnaround, got.waiting, got.response, got.switches)
    return (task.id, f"{task.arrival:,}", _bursts(task), *(f"{each:,}" for each in figures))


def _bursts(task: Task) -> str:
    """``2 (10) 2``: I/O in brackets; of many the first."""
    shown = [f"({burst:,})" if at % 2 else f"{burst:,}" for at, burst in enumerate(task.bursts[:5])]
    more = " …" if len(task.bursts) > 5 else ""
    period = f" every {task.period:,}" if task.period is not None else ""
    return " ".join(shown) + more + period


def summary_facts(workload: Workload, schedule: Schedule) -> Sequence[tuple[str, str]]:
    """The whole in names and figures."""
    whole = schedule.summary
    facts = [
        ("makespan", f"{whole.makespan:,} ticks"),
        ("throughput", _throughput(whole.throughput)),
        ("utilization", f"{whole.utilization:.1%}".replace("%", " %")),
        ("mean turnaround", figure(whole.mean_turnaround)),
        ("mean waiting", figure(whole.mean_waiting)),
        ("mean response", figure(whole.mean_response)),
        ("fairness", f"{whole.fairness:.3f}"),
        ("switches", f"{whole.switches:,}"),
    ]
    if any(task.deadline is not None or task.period is not None for task in workload.tasks):
        facts.append(("missed deadlines", f"{whole.missed_deadlines:,}"))
    return facts


def _throughput(jobs_per_tick: float) -> str:
    """Jobs in 1,000 ticks, or in as many more as it takes to have one: a tick may be a microsecond."""
    ticks = 1000
    while 0 < jobs_per_tick * ticks < 1:
        ticks *= 1000
    return f"{figure(jobs_per_tick * ticks)} jobs in {ticks:,} ticks"


def figure(value: float) -> str:
    """One decimal where it tells something: 7, 23.5, 1,204."""
    shown = f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return shown.removesuffix(".0")
