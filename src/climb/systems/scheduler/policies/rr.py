"""Round robin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.in_line import InLine

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["RoundRobin"]


class RoundRobin(InLine):
    """The line, and a time slice."""

    rule = "The task that has been ready longest runs, for at most one quantum."

    @staticmethod
    def expires(m: Machine, queue: int, task: int, now: int, begins: int) -> int:
        return begins + m.quantum

    @staticmethod
    def full_slice(m: Machine, queue: int, task: int) -> int:
        return m.quantum
