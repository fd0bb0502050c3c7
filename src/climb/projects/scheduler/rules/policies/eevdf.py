"""``eevdf``: of those that have not had more than their share, the one whose virtual deadline is earliest."""

from __future__ import annotations

from collections.abc import Sequence

from climb.projects.scheduler.rules.policies.weights import inverse, weight
from climb.projects.scheduler.rules.policy import Key, Policy
from climb.projects.scheduler.rules.state import Queue, TaskState

__all__ = ["EarliestEligible"]


class EarliestEligible(Policy):
    """The eligible task with the earliest virtual deadline, for one quantum since its deadline was set."""

    rule = "The eligible ready task with the earliest virtual deadline runs; if none is eligible, the one with the smallest v."
    preemptive = True
    only_when_ready = True
    slicing = "what was left of the quantum that began with its deadline"
    replacing = "When a task became ready in step 2, the eligible ready task with the earliest deadline replaces a running one whose deadline is later, and no other."

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        del now
        return (0, task.due) if eligible(task, members) else (1, task.virtual)

    def running_key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        """A running task is held by its deadline alone."""
        del members, now
        return (0, task.due)

    def candidates(self, ready: Sequence[TaskState], members: Sequence[TaskState]) -> Sequence[TaskState]:
        return [task for task in ready if eligible(task, members)]

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        del members
        return self.options.quantum - task.served

    def ran(self, task: TaskState, ticks: int) -> None:
        task.virtual += ticks * inverse(task.spec.nice)
        task.served += ticks

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        task.lag = 0
        self.returns(task, queue, members)

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        task.virtual = virtual_time(queue, members) - task.lag
        self.slice_ended(task)

    def leaves(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        queue.kept = virtual_time(queue, members)
        bound = 2 * self._request(task)
        task.lag = max(-bound, min(bound, queue.kept - task.virtual))

    def slice_ended(self, task: TaskState) -> None:
        task.due, task.served = task.virtual + self._request(task), 0

    def moves(
        self, task: TaskState, old: Sequence[TaskState], new: Sequence[TaskState], queues: tuple[Queue, Queue]
    ) -> None:
        change = virtual_time(queues[1], new) - virtual_time(queues[0], old)
        task.virtual += change
        task.due += change

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        del now
        able = "eligible" if eligible(task, members) else "not eligible"
        return f"v {task.virtual}, {able}, deadline {task.due}"

    def past(self, task: TaskState) -> str:
        each = inverse(task.spec.nice)
        ticks = (task.virtual - task.came_with) // each
        return f"{task.id} came in at t={task.came_at} with v {task.came_with} (V − lag, with lag {task.lag}), and has run {ticks} × {each} since."

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        del now
        if task not in members:
            return {"nice": str(task.spec.nice), "v": "", "eligible": "", "deadline": ""}
        return {
            "nice": str(task.spec.nice),
            "v": str(task.virtual),
            "eligible": "yes" if eligible(task, members) else "no",
            "deadline": str(task.due),
        }

    def _request(self, task: TaskState) -> int:
        return self.options.quantum * inverse(task.spec.nice)


def virtual_time(queue: Queue, members: Sequence[TaskState]) -> int:
    """The weighted mean of v over ``members``, rounded down; what it was if there are none."""
    if not members:
        return queue.kept
    weights = sum(weight(task.spec.nice) for task in members)
    return sum(weight(task.spec.nice) * task.virtual for task in members) // weights


def eligible(task: TaskState, members: Sequence[TaskState]) -> bool:
    """Whether ``task`` has not had more than its share."""
    weights = sum(weight(one.spec.nice) for one in members)
    return task.virtual * weights <= sum(weight(one.spec.nice) * one.virtual for one in members)
