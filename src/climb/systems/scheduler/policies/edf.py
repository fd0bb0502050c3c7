"""Earliest deadline first (Liu and Layland 1973)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added
from climb.systems.scheduler.policies.policy import FREELY, Policy
from climb.systems.scheduler.state import NEVER, NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["EarliestDeadlineFirst"]


class EarliestDeadlineFirst(Policy):
    """By the deadline of the job."""

    rule = "The task whose job has the earliest deadline runs."
    key = "deadline"
    replaces = FREELY

    @staticmethod
    def join(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        state.due = NEVER if state.deadline == NOBODY else state.release + state.deadline

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        m.queues[queue].first = added(m.tasks, m.queues[queue].first, task, state.due, state.order)

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        return m.tasks[task].due

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        return m.tasks[ready].due < m.tasks[running].due

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return m.tasks[task].due
