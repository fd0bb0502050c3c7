"""``priority``: the most urgent task, and aging, by which waiting makes urgent."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policy import Key, Policy
from climb.projects.scheduler.rules.state import Phase, Processor, Queue, TaskState

__all__ = ["Priority"]


class Priority(Policy):
    """The smallest rank. Without aging the rank is the priority."""

    rule = "The task with the smallest rank runs."
    preemptive = True
    replacing = "A ready task with a smaller rank replaces a running one; of equal ones the running one goes on."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members
        return (self._rank(task, now),)

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        del queue
        task.rank = self._rank(task, now)

    def next_change(self, ready: Sequence[TaskState], running: Sequence[Processor], now: int) -> int | None:
        """A waiting task's rank falls by one a tick; the first tick at which one is below that of a running task."""
        if not self.options.aging:
            return None
        highest = max(cpu.task.rank for cpu in running if cpu.task is not None)
        lowest = min(self._rank(task, now) for task in ready)
        return now + max(lowest - highest + 1, 1)

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members
        if not self.options.aging:
            return f"priority {task.spec.priority}"
        rank, base = self._rank(task, now), f"{task.spec.priority} × {self.options.aging}"
        if task.phase is Phase.READY:
            return f"rank {rank} = {base} − {now - task.ready_since}"
        return f"rank {rank}, as when it was picked"

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members
        known = task.phase in (Phase.READY, Phase.RUNNING)
        columns = {"priority": str(task.spec.priority)}
        if self.options.aging:
            columns["rank"] = str(self._rank(task, now)) if known else ""
        return columns

    def _rank(self, task: TaskState, now: int) -> int:
        if task.phase is Phase.RUNNING:
            return task.rank
        if not self.options.aging:
            return task.spec.priority
        return task.spec.priority * self.options.aging - (now - task.ready_since)
