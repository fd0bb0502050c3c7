"""``cfs``: the smallest virtual runtime, slices by weight, and a wake-up that may interrupt if it leads by enough."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policies.weights import inverse, weight
from climb.projects.scheduler.rules.policy import Key, Policy
from climb.projects.scheduler.rules.state import Queue, TaskState

__all__ = ["CompletelyFair"]

_INVERSE_OF_ZERO = inverse(0)


class CompletelyFair(Policy):
    """The smallest virtual runtime, for a slice that depends on the weight's share."""

    rule = "The ready task with the smallest virtual runtime runs."
    preemptive = True
    only_when_ready = True
    replacing = (
        "When a task became ready in step 2, the ready task replaces a running one whose virtual runtime is larger by more than "
        "granularity × the inverse of the ready task's weight, and no other."
    )
    slicing = (
        "the latency's share by weight among all ready and running when it was picked, but at least the granularity"
    )

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (task.virtual,)

    def replaces(self, ready: TaskState, running: TaskState, members: Sequence[TaskState], now: int) -> bool:
        del members, now
        return running.virtual - ready.virtual > self.lead(ready)

    def lead(self, task: TaskState) -> int:
        """By how much a running task's virtual runtime must be exceeded so that ``task`` replaces it."""
        return self.options.granularity * inverse(task.spec.nice)

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        return max(self._share(task, members), self.options.granularity)

    def ran(self, task: TaskState, ticks: int) -> None:
        task.virtual += ticks * inverse(task.spec.nice)

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        task.virtual = queue.floor

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        task.virtual = max(task.virtual, queue.floor - self.options.latency // 2 * _INVERSE_OF_ZERO)

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        del now
        queue.floor = max(queue.floor, task.virtual)

    def moves(
        self, task: TaskState, old: Sequence[TaskState], new: Sequence[TaskState], queues: tuple[Queue, Queue]
    ) -> None:
        del old, new
        task.virtual += queues[1].floor - queues[0].floor

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del members, now
        return f"virtual runtime {task.virtual}"

    def past(self, task: TaskState) -> str:
        each = inverse(task.spec.nice)
        ticks = (task.virtual - task.came_with) // each
        return f"{task.id} came in at t={task.came_at} with virtual runtime {task.came_with}, and has run {ticks} × {each} since."

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members, now
        known = task.arrived and not task.finished
        return {"nice": str(task.spec.nice), "virtual runtime": str(task.virtual) if known else ""}

    def _share(self, task: TaskState, members: Sequence[TaskState]) -> int:
        total = sum(weight(one.spec.nice) for one in members)
        return self.options.latency * weight(task.spec.nice) // total
