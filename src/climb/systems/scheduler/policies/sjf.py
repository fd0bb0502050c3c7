"""Shortest job first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added
from climb.systems.scheduler.policies.policy import Policy

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["ShortestJobFirst"]


class ShortestJobFirst(Policy):
    """By what is left of the burst, which for a ready task is all of it."""

    rule = "The ready task with the shortest next burst runs until that burst ends."
    key = "ticks left"

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        m.queues[queue].first = added(m.tasks, m.queues[queue].first, task, state.left, state.order)

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return m.tasks[task].left
