"""Priorities, with aging if it is wanted.

A waiting task's rank falls by one each tick, and so does every other waiting task's: their order stays what it was when
they became ready. So the heap is ordered by the rank that a task would have had at tick 0, and is never reordered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added
from climb.systems.scheduler.policies.policy import FREELY, Policy
from climb.systems.scheduler.state import NEVER, NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["Priority"]


def _rank(m: Machine, task: int, now: int) -> int:
    """Return the rank of a ready task."""
    state = m.tasks[task]
    return state.priority * m.aging - (now - state.since) if m.aging > 0 else state.priority


class Priority(Policy):
    """By rank; the rank of a running task stands still."""

    rule = "The task with the smallest rank runs; a ready one with a smaller rank replaces a running one."
    key = "rank"
    replaces = FREELY
    ages = True

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        m.queues[queue].first = added(m.tasks, m.queues[queue].first, task, _rank(m, task, 0), state.order)

    @staticmethod
    def picked(m: Machine, queue: int, task: int, now: int) -> None:
        m.tasks[task].rank = _rank(m, task, now)

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        return m.tasks[task].rank

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        return _rank(m, ready, now) < m.tasks[running].rank

    @staticmethod
    def due(m: Machine, now: int) -> int:
        event = NEVER
        for cpu in range(len(m.cpus)):
            processor = m.cpus[cpu]
            first = m.queues[cpu * m.separate].first
            if m.aging > 0 and NOBODY not in (processor.task, first):
                smaller_from = _rank(m, first, 0) - m.tasks[processor.task].rank + 1
                event = min(event, max(now + 1, processor.begins + 1, smaller_from))
        return event

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return _rank(m, task, now)
