"""What a report shows of a broken moment: the timeline beside the rules' own, and where each task stood."""

from __future__ import annotations

from climb.gantt.model import Row, Span
from climb.judge.evidence import Table, Timeline as Chart
from climb.projects.scheduler.rules.finding import Finding
from climb.projects.scheduler.rules.machine import Machine
from climb.projects.scheduler.rules.state import Phase, TaskState
from climb.projects.scheduler.rules.timeline import Piece, Timeline

__all__ = ["chart", "drawn", "table"]

_BEFORE, _AFTER = 24, 24  # ticks around the moment
_SHORT = 60  # a chart up to this is shown whole
_MOST_ROWS = 4  # processors; of more only the one that matters is shown


def chart(finding: Finding, yours: Timeline, rules: Timeline) -> Chart:
    """Both timelines around the moment, processor by processor."""
    start, end = _window(finding, max(yours.end, rules.end))
    rows = []
    for cpu in _cpus(finding, yours):
        for owner, timeline in (("yours", yours), ("by the rules", rules)):
            name = owner if len(yours.by_cpu) == 1 else f"{owner}, processor {cpu}"
            rows.append(Row(name, tuple(_spans(timeline.by_cpu[cpu], start, end))))
    return Chart(subject="yours, and what the rules ask for", unit="ticks", rows=tuple(rows), moment=finding.moment)


def drawn(timeline: Timeline) -> tuple[Row, ...]:
    """A timeline alone, a row for each processor."""
    return tuple(
        Row(f"processor {cpu}", tuple(_spans(pieces, 0, timeline.end))) for cpu, pieces in enumerate(timeline.by_cpu)
    )


def table(finding: Finding, machine: Machine) -> Table:
    """Each task as it stood at the moment, before anything was chosen there."""
    rows = []
    columns: tuple[str, ...] = ()
    for task in machine.tasks:
        cells = _cells(machine, task)
        columns = tuple(cells)
        rows.append(tuple(cells.values()))
    return Table(subject=f"the tasks at t={finding.moment}", columns=columns, rows=tuple(rows))


def _window(finding: Finding, end: int) -> tuple[int, int]:
    first, last = finding.moment, max(finding.visible, finding.moment)
    if end <= _SHORT:
        return 0, end
    return max(0, first - _BEFORE), min(last, first + _AFTER) + _AFTER


def _cpus(finding: Finding, yours: Timeline) -> list[int]:
    count = len(yours.by_cpu)
    if count <= _MOST_ROWS or finding.cpu is None:
        return list(range(min(count, _MOST_ROWS)))
    return [finding.cpu]


def _spans(pieces: list[Piece], start: int, end: int) -> list[Span]:
    """What is seen of ``pieces``; where they overlap the later one gives way, since a row holds one thing at a time."""
    spans: list[Span] = []
    free = start
    for piece in pieces:
        begin, stop = max(piece.start, free), min(piece.end, end)
        if begin < stop:
            spans.append(Span(begin, stop, piece.task))
            free = stop
    return spans


def _cells(machine: Machine, task: TaskState) -> dict[str, str]:
    members = machine.in_queue(task.queue) if task.queue is not None else []
    cells = {"task": task.id, "arrival": str(task.spec.arrival), "bursts": " ".join(map(str, task.spec.bursts))}
    cells["state"] = _state(machine, task)
    cells["left of burst"] = str(task.left) if task.phase in (Phase.READY, Phase.RUNNING) else ""
    if machine.options.per_cpu:
        known = task.queue is not None and not task.finished
        cells["queue"] = str(task.queue.number) if known and task.queue is not None else ""
    return cells | machine.policy.columns(task, members, machine.now)


def _state(machine: Machine, task: TaskState) -> str:
    if task.phase is Phase.READY:
        return f"ready since {task.ready_since}"
    if task.phase is Phase.RUNNING:
        cpu = machine.running_on(task)
        assert cpu is not None
        if cpu.begins > machine.now:
            return f"picked for processor {cpu.number}"
        return f"running on {cpu.number}" if len(machine.cpus) > 1 else "running"
    if task.phase is Phase.IO:
        return f"in I/O until {task.until}"
    return str(task.phase.value)
