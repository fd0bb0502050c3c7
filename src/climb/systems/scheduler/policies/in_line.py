"""Ready tasks in a line: first in, first out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.policy import Policy
from climb.systems.scheduler.state import NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["InLine"]


class InLine(Policy):
    """The ready order decides."""

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        line = m.queues[queue]
        m.tasks[task].sibling = NOBODY
        if line.first == NOBODY:
            line.first = task
        else:
            m.tasks[line.last].sibling = task
        line.last = task

    @staticmethod
    def pick(m: Machine, queue: int) -> int:
        task = m.queues[queue].first
        m.queues[queue].first = m.tasks[task].sibling
        return task
