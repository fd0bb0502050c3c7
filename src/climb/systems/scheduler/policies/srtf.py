"""Shortest remaining time first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.policy import FREELY
from climb.systems.scheduler.policies.sjf import ShortestJobFirst

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["ShortestRemainingTimeFirst"]


class ShortestRemainingTimeFirst(ShortestJobFirst):
    """As ``sjf``, but a shorter one does not wait."""

    rule = "The task with the fewest ticks left of its burst runs; a ready one with fewer replaces a running one."
    replaces = FREELY

    @staticmethod
    def standing(m: Machine, task: int) -> int:
        return m.tasks[task].left

    @staticmethod
    def beats(m: Machine, ready: int, running: int, now: int) -> bool:
        return m.tasks[ready].left < m.tasks[running].left
