"""Earliest eligible virtual deadline first (Stoica and Abdel-Wahab 1995; kernel/sched/fair.c since Linux 6.6), simplified.

The queue's virtual time is Σ w·v / Σ w. The sums would outgrow 64 bits, so, as in the kernel, v is taken relative to a
zero that moves along: ``zero`` is V rounded down, and ``rest`` is what Σ w·(v − zero) comes to, at least 0 and less than
Σ w. Then v · Σ w ≤ Σ w·v says the same as v ≤ zero, exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.policy import AT_READY, Policy
from climb.systems.scheduler.state import NOBODY
from climb.systems.scheduler.tree import earliest_up_to, inserted, removed, smallest

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["EarliestEligibleVirtualDeadlineFirst"]


def _shift(m: Machine, queue: int, weight: int, lead: int) -> None:
    """Σ w·v has grown by weight × lead: move the zero so that the rest stays small."""
    line = m.queues[queue]
    line.zero += weight * (lead // line.weight)  # in two parts: the product may have more than 64 bits
    line.rest += weight * (lead % line.weight)
    line.zero += line.rest // line.weight
    line.rest %= line.weight


def _add(m: Machine, queue: int, task: int, lead: int) -> None:
    """Count a task in whose v is V + lead."""
    m.queues[queue].weight += m.tasks[task].weight
    _shift(m, queue, m.tasks[task].weight, lead)


def _remove(m: Machine, queue: int, task: int) -> None:
    """Count a task out; the last one leaves V as it is."""
    line = m.queues[queue]
    state = m.tasks[task]
    line.weight -= state.weight
    if line.weight == 0:
        line.rest = 0
    else:
        _shift(m, queue, -state.weight, state.virtual - line.zero)


def _renew(m: Machine, task: int) -> None:
    """Set the next virtual deadline."""
    state = m.tasks[task]
    state.due = state.virtual + m.quantum * state.inverse
    state.used = 0


class EarliestEligibleVirtualDeadlineFirst(Policy):
    """By virtual deadline, among those that have not had more than their share."""

    rule = "Of the tasks that have not had more than their share, the one with the earliest virtual deadline runs."
    key = "virtual deadline"
    replaces = AT_READY

    @staticmethod
    def join(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        lag = 0 if state.cpu == NOBODY else state.lag
        state.virtual = m.queues[queue].zero - lag
        _add(m, queue, task, -lag)
        _renew(m, task)

    @staticmethod
    def leave(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        bound = 2 * m.quantum * state.inverse
        state.lag = max(-bound, min(bound, m.queues[queue].zero - state.virtual))
        _remove(m, queue, task)

    @staticmethod
    def move(m: Machine, queue: int, other: int, task: int) -> None:
        state = m.tasks[task]
        way = m.queues[other].zero - m.queues[queue].zero
        lead = state.virtual - m.queues[queue].zero
        _remove(m, queue, task)
        state.virtual += way
        state.due += way
        _add(m, other, task, lead)

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        m.queues[queue].first = inserted(m.tasks, m.queues[queue].first, task)

    @staticmethod
    def pick(m: Machine, queue: int) -> int:
        line = m.queues[queue]
        task = earliest_up_to(m.tasks, line.first, line.zero)
        if task == NOBODY:
            task = smallest(m.tasks, line.first)
        line.first = removed(m.tasks, line.first, task)
        return task

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        return begins + m.quantum - m.tasks[task].used

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        return m.quantum

    @staticmethod
    def renewed(m: Machine, queue: int, task: int, times: int, ticks: int) -> None:
        m.tasks[task].due += times * m.quantum * m.tasks[task].inverse
        m.tasks[task].used -= times * m.quantum

    @staticmethod
    def tick(m: Machine, queue: int, task: int, ticks: int, now: int) -> None:
        state = m.tasks[task]
        state.virtual += state.inverse * ticks
        state.used += ticks
        _shift(m, queue, state.weight, state.inverse * ticks)

    @staticmethod
    def expire(m: Machine, queue: int, task: int) -> None:
        _renew(m, task)

    @staticmethod
    def rival(m: Machine, queue: int) -> int:
        return earliest_up_to(m.tasks, m.queues[queue].first, m.queues[queue].zero)

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        return m.tasks[task].due

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        return m.tasks[ready].due < m.tasks[running].due

    @staticmethod
    def shown(m: Machine, task: int, now: int) -> int:
        return m.tasks[task].due
