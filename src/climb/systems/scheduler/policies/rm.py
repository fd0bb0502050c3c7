"""Rate monotonic (Liu and Layland 1973)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.policies.edf import EarliestDeadlineFirst
from climb.systems.scheduler.state import NEVER

if TYPE_CHECKING:
    from climb.systems.scheduler.state import Machine

__all__ = ["RateMonotonic"]


class RateMonotonic(EarliestDeadlineFirst):
    """By the period, as if it were the deadline and stood still."""

    rule = "The task with the shortest period runs."
    key = "period"

    @staticmethod
    def join(m: Machine, queue: int, task: int) -> None:
        state = m.tasks[task]
        state.due = state.period if state.period > 0 else NEVER
