"""A pairing heap inside the table of tasks: smallest key first, the smaller tie first where keys are equal.

A task stands in one heap at most, so the links are fields of the task, and a queue is the number of its first task.
Adding takes constant time, taking the first logarithmic time in the mean (Fredman, Sedgewick, Sleator and Tarjan 1986).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.state import NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import TaskState

__all__ = ["added", "without_first"]


def added(tasks: list[TaskState], top: int, task: int, key: int, tie: int) -> int:
    """Add a task to the heap with this top; return the top from now on."""
    state = tasks[task]
    state.key = key
    state.tie = tie
    state.child = NOBODY
    state.sibling = NOBODY
    return _joined(tasks, top, task)


def without_first(tasks: list[TaskState], top: int) -> int:
    """Take the top out of its heap; return the top from now on."""
    pairs = NOBODY  # a list of heaps, the last one first
    rest = tasks[top].child
    while rest != NOBODY:
        one = rest
        other = tasks[one].sibling
        rest = tasks[other].sibling if other != NOBODY else NOBODY
        one = _joined(tasks, one, other)
        tasks[one].sibling = pairs
        pairs = one
    top = NOBODY
    while pairs != NOBODY:
        rest = tasks[pairs].sibling
        top = _joined(tasks, top, pairs)
        pairs = rest
    if top != NOBODY:
        tasks[top].sibling = NOBODY
    return top


def _joined(tasks: list[TaskState], one: int, other: int) -> int:
    """Make one heap of two; return its top."""
    if one == NOBODY:
        return other
    if other == NOBODY:
        return one
    a = tasks[one]
    b = tasks[other]
    if b.key < a.key or (b.key == a.key and b.tie < a.tie):
        a.sibling = b.child
        b.child = one
        return other
    b.sibling = a.child
    a.child = other
    return one
