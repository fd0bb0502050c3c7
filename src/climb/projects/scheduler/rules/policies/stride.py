"""``stride``: the lottery without luck. Whoever has had the least for its tickets goes next."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policies.round_robin import RoundRobin
from climb.projects.scheduler.rules.policy import Key
from climb.projects.scheduler.rules.state import Queue, TaskState

__all__ = ["Stride"]

_ONE = 1 << 20


class Stride(RoundRobin):
    """The smallest pass, for at most one quantum."""

    rule = "The ready task with the smallest pass runs, for at most one quantum."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del members, now
        return (task.virtual,)

    def ran(self, task: TaskState, ticks: int) -> None:
        task.virtual += ticks * (_ONE // task.spec.tickets)

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        task.virtual = queue.floor

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        del members
        task.virtual = max(task.virtual, queue.floor)

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
        return f"pass {task.virtual}"

    def past(self, task: TaskState) -> str:
        each = _ONE // task.spec.tickets
        ticks = (task.virtual - task.came_with) // each
        return f"{task.id} came in at t={task.came_at} with pass {task.came_with}, and has run {ticks} × {each} since."

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del members, now
        known = task.arrived and not task.finished
        return {
            "tickets": str(task.spec.tickets),
            "a tick adds": str(_ONE // task.spec.tickets),
            "pass": str(task.virtual) if known else "",
        }
