"""``sjf`` and ``srtf``: the shortest burst first, with and without taking the processor away."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policy import Key, Policy
from climb.projects.scheduler.rules.state import TaskState

__all__ = ["ShortestJob", "ShortestRemaining"]


class ShortestJob(Policy):
    """The shortest next burst, to its end."""

    rule = "The ready task with the shortest next burst runs until that burst ends."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (task.left,)

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return f"a burst of {task.left}"


class ShortestRemaining(ShortestJob):
    """The fewest ticks left of the present burst."""

    rule = "The task with the fewest ticks left of its current burst runs."
    preemptive = True
    replacing = "A ready task replaces a running one that has more left than it; of equal ones the running one goes on."

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return f"{task.left} left"
