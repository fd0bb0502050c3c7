"""Why one ready task stands before another, in words."""

from __future__ import annotations

from climb.projects.scheduler.rules.state import Became, TaskState

__all__ = ["STEP_TWO", "why_longer_ready"]

STEP_TWO = (Became.ARRIVED, Became.BACK, Became.NEXT_JOB)


def why_longer_ready(task: TaskState, other: TaskState, boosted_at: int | None) -> str:
    """What put ``task`` before ``other`` in the ready order; ``boosted_at`` is when ``mlfq`` last reordered all."""
    if boosted_at is not None and max(task.ready_since, other.ready_since) <= boosted_at:
        return f"the boost at t={boosted_at} left ready tasks in their order, first those of level 0, then those of level 1, and so on"
    if task.ready_since < other.ready_since:
        return f"{task.id} has been ready since t={task.ready_since}, when {_became(task)}, and {other.id} since t={other.ready_since}, when {_became(other)}"
    return f"both became ready at t={task.ready_since}, {_same_tick(task, other)}"


def _same_tick(task: TaskState, other: TaskState) -> str:
    if task.became in STEP_TWO and other.became in STEP_TWO:
        return f"and the workload lists {task.id} before {other.id}"
    if task.became is Became.SLICE_ENDED and other.became is Became.SLICE_ENDED:
        return f"when their slices ended, in the order of the processors: {task.last} before {other.last}"
    return f"{task.id} in step {_step(task)}, when {_became(task)}, and {other.id} in step {_step(other)}, when {_became(other)}"


def _step(task: TaskState) -> int:
    if task.became in STEP_TWO:
        return 2
    return 3 if task.became is Became.SLICE_ENDED else 4


def _became(task: TaskState) -> str:
    return f"its {task.ended}" if task.became is Became.SLICE_ENDED else task.became.value
