"""Lottery scheduling (Waldspurger and Weihl 1994).

The tickets of the ready tasks are kept in a Fenwick tree by their place in the workload, one for each queue, so that
the winner is found in logarithmic time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.policy import Policy

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["Lottery"]

MULTIPLIER = 48271  # MINSTD (Park, Miller and Stockmeyer 1993)
MODULUS = 2147483647


def _draw(m: Machine) -> int:
    """Return the next number of the generator."""
    clock = m.clock[0]
    clock.random = MULTIPLIER * clock.random % MODULUS
    return clock.random


def _after(number: int, draws: int) -> int:
    """Return the number that comes so many draws after this one."""
    power = MULTIPLIER
    while draws > 0:
        if draws % 2 == 1:
            number = number * power % MODULUS
        power = power * power % MODULUS
        draws //= 2
    return number


def _change(m: Machine, queue: int, task: int, tickets: int) -> None:
    """Add tickets of a task to those of the ready ones, or take them away."""
    m.queues[queue].weight += tickets
    start = queue * (len(m.tasks) + 1)
    place = task + 1
    while place <= len(m.tasks):
        m.tree[start + place] += tickets
        place += place & -place


def _holder(m: Machine, queue: int, ticket: int) -> int:
    """Return the first task at which the sum of the tickets is greater than this one's number."""
    start = queue * (len(m.tasks) + 1)
    stride = 1
    while stride * 2 <= len(m.tasks):
        stride *= 2
    place = 0
    while stride > 0:
        if place + stride <= len(m.tasks) and m.tree[start + place + stride] <= ticket:
            place += stride
            ticket -= m.tree[start + place]
        stride //= 2
    return place


class Lottery(Policy):
    """By chance, in proportion to the tickets."""

    rule = "A random ticket of those that ready tasks hold wins; its holder runs, for at most one quantum."

    @staticmethod
    def enqueue(m: Machine, queue: int, task: int) -> None:
        _change(m, queue, task, m.tasks[task].tickets)

    @staticmethod
    def pick(m: Machine, queue: int) -> int:
        task = _holder(m, queue, _draw(m) % m.queues[queue].weight)
        _change(m, queue, task, -m.tasks[task].tickets)
        return task

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        return begins + m.quantum

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        return m.quantum

    @staticmethod
    def renewed(m: Machine, queue: int, task: int, times: int, ticks: int) -> None:
        m.clock[0].random = _after(m.clock[0].random, times)
