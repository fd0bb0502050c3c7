"""``edf`` and ``rm``: what is due first, and what comes round most often."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policy import Key, Policy
from climb.projects.scheduler.rules.state import TaskState

__all__ = ["EarliestDeadline", "RateMonotonic"]


class EarliestDeadline(Policy):
    """The job with the earliest deadline."""

    rule = (
        "The ready task whose job has the earliest deadline runs (release + deadline; none counts as later than all)."
    )
    preemptive = True
    replacing = "A ready task replaces a running one with a later deadline; of equal ones the running one goes on."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (1, 0) if task.deadline is None else (0, task.deadline)

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return "no deadline" if task.deadline is None else f"deadline {task.deadline}"

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members, now
        if task.finished:
            return {"job": "", "released": "", "deadline": ""}
        deadline = "none" if task.deadline is None else str(task.deadline)
        return {"job": str(task.job + 1), "released": str(task.release), "deadline": deadline}


class RateMonotonic(Policy):
    """The shortest period."""

    rule = "The ready task with the shortest period runs (none counts as longer than all)."
    preemptive = True
    replacing = "A ready task replaces a running one with a longer period; of equal ones the running one goes on."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (1, 0) if task.spec.period is None else (0, task.spec.period)

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return "no period" if task.spec.period is None else f"period {task.spec.period}"

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members, now
        if task.finished:
            return {"job": "", "period": ""}
        return {"job": str(task.job + 1), "period": "none" if task.spec.period is None else str(task.spec.period)}
