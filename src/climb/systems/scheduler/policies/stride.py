"""Stride scheduling (Waldspurger and Weihl 1995)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.heap import added
from climb.systems.scheduler.policies.policy import Policy
from climb.systems.scheduler.state import NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["Stride"]

STRIDE_OF_ONE_TICKET = 1048576


class Stride(Policy):
    """By pass: who has had the least for its tickets."""

    rule = "The ready task with the smallest pass runs, for at most one quantum; fewer tickets make it grow faster."
    key = "pass"

    @staticmethod
    def join(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        floor = m.queues[queue].floor
        state.virtual = floor if state.cpu == NOBODY else max(state.virtual, floor)

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        m.queues[queue].first = added(m.tasks, m.queues[queue].first, task, state.virtual, state.order)

    @staticmethod
    def picked(m: Machine, queue: int, task: int, now: int) -> None:
        m.queues[queue].floor = max(m.queues[queue].floor, m.tasks[task].virtual)

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        return begins + m.quantum

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        return m.quantum

    @staticmethod
    def renewed(m: Machine, queue: int, task: int, times: int, ticks: int) -> None:
        state = m.tasks[task]
        by_then = state.virtual + STRIDE_OF_ONE_TICKET // state.tickets * ticks
        m.queues[queue].floor = max(m.queues[queue].floor, by_then)

    @staticmethod
    def tick(m: Machine, queue: int, task: int, ticks: int, now: int) -> None:
        m.tasks[task].virtual += STRIDE_OF_ONE_TICKET // m.tasks[task].tickets * ticks

    @staticmethod
    def move(m: Machine, queue: int, other: int, task: int) -> None:
        m.tasks[task].virtual += m.queues[other].floor - m.queues[queue].floor

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return m.tasks[task].virtual
