"""``rr``: the ready order, and a clock that ends each turn."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policy import Policy
from climb.projects.scheduler.rules.state import TaskState

__all__ = ["RoundRobin"]


class RoundRobin(Policy):
    """First in the ready order, for at most one quantum."""

    rule = "First in the ready order, for at most one quantum."

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        del task, members
        return self.options.quantum
