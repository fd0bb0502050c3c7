"""What a timeline is worth, by the brief's formulas. Computed from the program's own timeline, so that a wrong one isn't blamed twice."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import msgspec

from climb.projects.scheduler.rules.timeline import Piece, Timeline
from climb.projects.scheduler.workload import Task, Workload

__all__ = ["Job", "Measured", "measure"]


class Job(msgspec.Struct, frozen=True):
    """One job: when it was released, first ran, and was complete."""

    release: int
    begins: int
    ends: int


class Measured(msgspec.Struct, frozen=True):
    """The measures of a timeline whose facts hold, each with the formula in numbers."""

    tasks: dict[str, dict[str, int]]
    summary: dict[str, Fraction]
    formulas: dict[tuple[str, str], str]  # by task ("" for the summary) and field


def measure(workload: Workload, timeline: Timeline) -> Measured:
    """All measures. Each burst must have had exactly its ticks."""
    jobs = {task.id: list(_jobs(task, workload.until, timeline.of_task(task.id))) for task in workload.tasks}
    switches = _switches(workload, timeline)
    formulas: dict[tuple[str, str], str] = {}
    tasks = {}
    for task in workload.tasks:
        tasks[task.id], words = _of_task(task, jobs[task.id], switches[task.id])
        formulas |= {(task.id, field): text for field, text in words.items()}
    summary, words = _summary(workload, timeline, tasks, jobs)
    return Measured(tasks, summary, formulas | {("", field): text for field, text in words.items()})


def _jobs(task: Task, until: int | None, pieces: list[Piece]) -> list[Job]:
    """Cut the task's ticks into jobs."""
    work = sum(task.bursts[::2])
    found: list[Job] = []
    begins, done = 0, 0
    releases = task.releases(until)
    for piece in pieces:
        start = piece.start
        while start < piece.end:
            begins = begins if done else start
            ticks = min(work - done, piece.end - start)
            done, start = done + ticks, start + ticks
            if done == work:
                found.append(Job(releases[len(found)], begins, start))
                done = 0
    return found


def _switches(workload: Workload, timeline: Timeline) -> dict[str, int]:
    switches = {task.id: 0 for task in workload.tasks}
    for pieces in timeline.by_cpu:
        for last, piece in pairwise([None, *pieces]):
            assert piece is not None
            if last is None or last.task != piece.task:
                switches[piece.task] += 1
    return switches


def _of_task(task: Task, jobs: list[Job], switches: int) -> tuple[dict[str, int], dict[str, str]]:
    slowest = max(jobs, key=lambda job: job.ends - job.release)
    latest = max(jobs, key=lambda job: job.begins - job.release)
    completion, turnaround = jobs[-1].ends, slowest.ends - slowest.release
    bursts = sum(task.bursts)
    values = {
        "completion": completion,
        "turnaround": turnaround,
        "waiting": turnaround - bursts,
        "response": latest.begins - latest.release,
        "switches": switches,
    }
    whose = "its arrival" if len(jobs) == 1 else "the release of its slowest job"
    words = {
        "completion": f"its last burst ended at t={completion}",
        "turnaround": f"{slowest.ends} (complete) − {slowest.release} ({whose}) = {turnaround}",
        "waiting": f"{turnaround} (turnaround) − {bursts} (its bursts and I/O) = {turnaround - bursts}",
        "response": f"{latest.begins} (first on a processor) − {latest.release} ({whose.replace('slowest', 'last to begin')}) = {values['response']}",
        "switches": f"{switches} times in your timeline a processor begins it after another task, or as its first",
    }
    return values, words


def _summary(
    workload: Workload, timeline: Timeline, tasks: dict[str, dict[str, int]], jobs: dict[str, list[Job]]
) -> tuple[dict[str, Fraction], dict[str, str]]:
    count = len(workload.tasks)
    makespan = max(values["completion"] for values in tasks.values())
    completed = sum(map(len, jobs.values()))
    ticks = sum(piece.end - piece.start for piece in timeline.pieces)
    speeds = [Fraction(sum(task.bursts), tasks[task.id]["turnaround"]) for task in workload.tasks]
    missed = sum(
        task.limit is not None and job.ends > job.release + task.limit
        for task in workload.tasks
        for job in jobs[task.id]
    )
    summary = {
        "makespan": Fraction(makespan),
        "throughput": Fraction(completed, makespan),
        "utilization": Fraction(ticks, makespan * workload.cpus),
        "fairness": sum(speeds, Fraction(0)) ** 2 / (count * sum((speed**2 for speed in speeds), Fraction(0))),
        "switches": Fraction(sum(values["switches"] for values in tasks.values())),
        "missed_deadlines": Fraction(missed),
    }
    words = {
        "makespan": f"the latest completion is at t={makespan}",
        "throughput": f"{completed} completed jobs / {makespan} = {_decimal(summary['throughput'])}",
        "utilization": f"{ticks} ticks in the timeline / ({makespan} × {workload.cpus}) = {_decimal(summary['utilization'])}",
        "fairness": f"(Σx)² / (n · Σx²) with the speeds x = {_speeds(workload, tasks)} gives {_decimal(summary['fairness'])}",
        "switches": f"{' + '.join(str(values['switches']) for values in tasks.values())} = {summary['switches']}",
        "missed_deadlines": f"{missed} of {completed} jobs have a deadline and were complete after it",
    }
    for field in ("turnaround", "waiting", "response"):
        values = [of_task[field] for of_task in tasks.values()]
        summary[f"mean_{field}"] = Fraction(sum(values), count)
        words[f"mean_{field}"] = f"({' + '.join(map(str, values))}) / {count} = {_decimal(summary[f'mean_{field}'])}"
    return summary, words


def _speeds(workload: Workload, tasks: dict[str, dict[str, int]]) -> str:
    return ", ".join(f"{sum(task.bursts)}/{tasks[task.id]['turnaround']}" for task in workload.tasks)


def _decimal(value: Fraction) -> str:
    return f"{float(value):.4g}"
