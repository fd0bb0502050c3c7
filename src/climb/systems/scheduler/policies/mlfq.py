"""A multi-level feedback queue (Corbató 1962; the rules are those of Arpaci-Dusseau, OSTEP, chapter 8).

Boosts cost nothing: they are counted, and each task learns of them when it is looked at next. Who became ready before a
boost stands before all that became ready after it, and among themselves they keep their order. So the heap is ordered by
the number of the boost first, then by the level at that time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added
from climb.systems.scheduler.policies.policy import FREELY, Policy
from climb.systems.scheduler.state import NEVER

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["MultiLevelFeedbackQueue"]


def _level(m: Machine, task: int) -> int:
    """Return the level of a task, after the boosts that it has not heard of."""
    state = m.tasks[task]
    if state.epoch != m.clock[0].epoch:
        state.epoch = m.clock[0].epoch
        state.level = 0
        state.used = 0
    return state.level


def _demote(m: Machine, task: int) -> None:
    """Move a task one level down if its allotment is used up."""
    state = m.tasks[task]
    if _level(m, task) < m.levels - 1 and state.used >= m.allotment:
        state.level += 1
        state.used = 0


def _exhausted(m: Machine, task: int, begins: int) -> int:
    """Return the tick at which the allotment of a task will be used up if it runs from ``begins``."""
    level = _level(m, task)
    by_then = begins + m.allotment - m.tasks[task].used if level < m.levels - 1 else NEVER
    if m.boost == 0 or m.levels == 1:
        return by_then
    renewed = (m.clock[0].epoch + 1) * m.boost  # the next boost
    if by_then <= renewed:
        return by_then
    renewed = max(renewed, begins - begins % m.boost)
    first = max(begins, renewed) + m.allotment
    if first <= renewed + m.boost:
        return first
    return renewed + m.boost + m.allotment if m.allotment <= m.boost else NEVER


class MultiLevelFeedbackQueue(Policy):
    """By level, then by the ready order."""

    rule = "The task on the highest level runs, for at most one quantum; who uses up an allotment moves down."
    key = "level"
    replaces = FREELY

    @staticmethod
    def boost(m: Machine, until: int) -> None:
        if m.boost > 0:
            m.clock[0].epoch = until // m.boost

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        level = _level(m, task)
        key = m.tasks[task].epoch * m.levels + level
        m.queues[queue].first = added(m.tasks, m.queues[queue].first, task, key, m.tasks[task].order)

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        return min(begins + m.quantum, _exhausted(m, task, begins))

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        return m.quantum if _level(m, task) == m.levels - 1 and (m.boost == 0 or m.levels == 1) else 0

    @staticmethod
    def tick(m: Machine, queue: int, task: int, ticks: int, now: int) -> None:
        _level(m, task)
        if m.boost > 0:
            ticks = min(ticks, now - m.clock[0].epoch * m.boost)
        m.tasks[task].used += ticks

    @staticmethod
    def leave(m: Machine, queue: int, task: int) -> None:
        _demote(m, task)

    @staticmethod
    def expire(m: Machine, queue: int, task: int) -> None:
        _demote(m, task)

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        return _level(m, task)

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        return _level(m, ready) < _level(m, running)

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return _level(m, task)
