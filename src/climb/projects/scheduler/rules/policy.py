"""What a policy has to say. The walker keeps the order of the steps; a policy says who goes first, who yields, and what is counted.

A policy is mostly a key: the smaller one goes first, and of equal ones the task that has been ready longer. The words are for the
report: what decides, in numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.projects.scheduler.rules.state import Processor, Queue, TaskState
    from climb.projects.scheduler.workload import Options

__all__ = ["Policy"]

Key = tuple[int, ...]


class Policy:
    """The rules of one policy. This class itself is first come, first served, on which the others build."""

    rule = "The ready task that is first in the ready order runs until its burst ends."
    preemptive = False
    only_when_ready = False  # replacing is considered only at ticks at which a task became ready in step 2
    replacing = ""
    slicing = ""  # what a slice is made of, if it is not the whole quantum

    def __init__(self, options: Options) -> None:
        self.options = options

    # Who runs.

    def key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        """The smaller one goes first. ``members`` are all tasks ready or running in the queue."""
        del task, members, now
        return ()

    def pick(self, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> TaskState:
        """Which of ``ready``, in ready order, runs next; there is at least one."""
        return min(ready, key=lambda task: (self.key(task, members, now), task.turn))

    def victim(self, running: Sequence[Processor], members: Sequence[TaskState], now: int) -> Processor:
        """Whose task the policy would rather not run; of equal ones the processor with the highest number."""
        return max(running, key=lambda cpu: (self.running_key(_task(cpu), members, now), cpu.number))

    def running_key(self, task: TaskState, members: Sequence[TaskState], now: int) -> Key:
        """The key of a running task, for replacing."""
        return self.key(task, members, now)

    def replaces(self, ready: TaskState, running: TaskState, members: Sequence[TaskState], now: int) -> bool:
        """Whether ``ready`` takes the processor of ``running``."""
        return self.key(ready, members, now) < self.running_key(running, members, now)

    def candidates(self, ready: Sequence[TaskState], members: Sequence[TaskState]) -> Sequence[TaskState]:
        """Which of ``ready`` may replace a running task at all."""
        del members
        return ready

    def next_change(self, ready: Sequence[TaskState], running: Sequence[Processor], now: int) -> int | None:
        """The next tick at which a replacement may be due although nothing else happens."""
        del ready, running, now
        return None

    def tie(self, task: TaskState, ready: Sequence[TaskState], members: Sequence[TaskState], now: int) -> bool:
        """Whether another ready task was as good as the picked ``task``, so that the ready order decided."""
        mine = self.key(task, members, now)
        return any(other is not task and self.key(other, members, now) == mine for other in ready)

    # What is counted.

    def ticks_until_change(self, task: TaskState) -> int | None:
        """After how many ticks of running the policy has something to do for ``task`` within its turn."""
        del task
        return None

    def slice(self, task: TaskState, members: Sequence[TaskState]) -> int | None:
        """How many ticks the turn that begins may last; None: until the burst ends."""
        del task, members
        return None

    def arrives(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        """The task has arrived in ``queue``; ``members`` are the others."""

    def returns(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        """The task has come back from I/O or with its next job; ``members`` are the others."""

    def leaves(self, task: TaskState, queue: Queue, members: Sequence[TaskState]) -> None:
        """The task's burst has ended; ``members`` still includes it."""

    def picked(self, task: TaskState, queue: Queue, now: int) -> None:
        """The task has been picked from ``queue``."""

    def ran(self, task: TaskState, ticks: int) -> None:
        """The task has run for ``ticks``."""

    def slice_over(self, cpu: Processor) -> bool:
        """Whether the slice of the task on ``cpu`` is over, now that it has run what it has."""
        return cpu.slice is not None and cpu.ran >= cpu.slice

    def slice_ended(self, task: TaskState) -> None:
        """The task has left its processor because its slice was over."""

    def boost_order(self, task: TaskState) -> Key:
        """How the boost orders ready tasks."""
        return (task.level, task.turn)

    def boosted(self, task: TaskState) -> None:
        """The boost lifts a task that has arrived and is not finished."""
        task.level, task.used = 0, 0

    def moves(
        self, task: TaskState, old: Sequence[TaskState], new: Sequence[TaskState], queues: tuple[Queue, Queue]
    ) -> None:
        """The task has been stolen: its place in the new queue; ``queues`` are the old one and the new one."""

    # Words.

    def standing(self, task: TaskState, members: Sequence[TaskState], now: int) -> str:
        """What decides about this task, in words, as in "4 ticks left"; empty if only the ready order does."""
        del task, members, now
        return ""

    def past(self, task: TaskState) -> str:
        """How the task came to its number, as a sentence; empty if that is plain to see."""
        del task
        return ""

    def columns(self, task: TaskState, members: Sequence[TaskState], now: int) -> dict[str, str]:
        """The policy's own numbers for a table."""
        del task, members, now
        return {}


def _task(cpu: Processor) -> TaskState:
    assert cpu.task is not None
    return cpu.task
