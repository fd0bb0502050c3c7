"""The Completely Fair Scheduler, simplified (kernel/sched/fair.c, Linux 2.6.23 to 6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added
from climb.systems.scheduler.policies.policy import AT_READY, Policy
from climb.systems.scheduler.state import NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["CompletelyFair"]

INVERSE_OF_NICE_0 = 4194304


def _slice(m: Machine, queue: int, task: int) -> int:
    return max(m.granularity, m.latency * m.tasks[task].weight // m.queues[queue].weight)


class CompletelyFair(Policy):
    """By virtual runtime: who has had the least for its weight."""

    rule = "The ready task with the smallest virtual runtime runs, for its share of the latency."
    key = "virtual runtime"
    replaces = AT_READY

    @staticmethod
    def join(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        floor = m.queues[queue].floor
        state.virtual = floor if state.cpu == NOBODY else max(state.virtual, floor - m.latency // 2 * INVERSE_OF_NICE_0)
        m.queues[queue].weight += state.weight

    @staticmethod
    def leave(m: Machine, queue: int, task: int) -> None:
        m.queues[queue].weight -= m.tasks[task].weight

    @staticmethod
    def move(m: Machine, queue: int, other: int, task: int) -> None:
        m.tasks[task].virtual += m.queues[other].floor - m.queues[queue].floor
        m.queues[queue].weight -= m.tasks[task].weight
        m.queues[other].weight += m.tasks[task].weight

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        m.queues[queue].first = added(m.tasks, m.queues[queue].first, task, state.virtual, state.order)

    @staticmethod
    def picked(m: Machine, queue: int, task: int, now: int) -> None:
        m.queues[queue].floor = max(m.queues[queue].floor, m.tasks[task].virtual)

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        return begins + _slice(m, queue, task)

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        return _slice(m, queue, task)

    @staticmethod
    def renewed(m: Machine, queue: int, task: int, times: int, ticks: int) -> None:
        state = m.tasks[task]
        by_then = state.virtual + state.inverse * ticks
        m.queues[queue].floor = max(m.queues[queue].floor, by_then)

    @staticmethod
    def tick(m: Machine, queue: int, task: int, ticks: int, now: int) -> None:
        m.tasks[task].virtual += m.tasks[task].inverse * ticks

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        return m.tasks[task].virtual

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        lead = m.granularity * m.tasks[ready].inverse
        return m.tasks[running].virtual > m.tasks[ready].virtual + lead

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return m.tasks[task].virtual
