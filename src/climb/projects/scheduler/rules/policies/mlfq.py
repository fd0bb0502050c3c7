"""``mlfq``: a multi-level feedback queue. The boost itself belongs to step 3 and is the machine's."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policy import Key, Policy
from climb.projects.scheduler.rules.state import Processor, Queue, TaskState

__all__ = ["Feedback"]


class Feedback(Policy):
    """The highest level first; who uses up an allotment moves down."""

    rule = "The ready task on the highest level (the smallest number) runs, the first in the ready order of that level, for at most one quantum and no longer than its allotment lasts."
    preemptive = True
    replacing = "A ready task replaces a running one on a lower level (a larger number), and on no other."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (task.level,)

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        del task, members
        return self.options.quantum

    def ran(self, task: TaskState, ticks: int) -> None:
        task.used += ticks

    def ticks_until_change(self, task: TaskState) -> int | None:
        return None if self._last(task) else max(self.options.allotment - task.used, 0)

    def leaves(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del queue, members
        self.slice_ended(task)

    def slice_over(self, cpu: Processor) -> bool:
        assert cpu.task is not None
        return super().slice_over(cpu) or self._used_up(cpu.task)

    def slice_ended(self, task: TaskState) -> None:
        task.used_up = self._used_up(task)
        if task.used_up:
            task.level, task.used = task.level + 1, 0

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return f"level {task.level}"

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members, now
        if not task.arrived or task.finished:
            return {"level": "", "allotment used": ""}
        used = "none to use up" if self._last(task) else f"{task.used} of {self.options.allotment}"
        return {"level": str(task.level), "allotment used": used}

    def _used_up(self, task: TaskState) -> bool:
        return not self._last(task) and task.used >= self.options.allotment

    def _last(self, task: TaskState) -> bool:
        return task.level >= self.options.levels - 1
