"""A search tree of tasks by virtual runtime that also knows, for each subtree, the earliest deadline in it.

Linux keeps the same in a red-black tree (``__pick_eevdf`` in kernel/sched/fair.c); this is a treap, kept flat by random
numbers, so each step takes logarithmic time in the mean. The links are fields of the tasks: ``child`` leads to smaller
virtual runtimes, ``sibling`` to larger ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.systems.scheduler.state import NOBODY

if TYPE_CHECKING:
    from climb.systems.scheduler.state import TaskState

__all__ = ["earliest_up_to", "inserted", "removed", "smallest"]

_MASK = 0xFFFFFFFF


def inserted(tasks: list[TaskState], top: int, task: int) -> int:
    """Add a task to the tree with this top; return the top from now on."""
    state = tasks[task]
    state.child = NOBODY
    state.sibling = NOBODY
    state.best = task
    state.lot = _scrambled(state.order)
    return _inserted(tasks, top, task)


def removed(tasks: list[TaskState], top: int, task: int) -> int:
    """Take a task out of the tree; return the top from now on."""
    if top == task:
        return _merged(tasks, tasks[task].child, tasks[task].sibling)
    if _before(tasks, task, top):
        tasks[top].child = removed(tasks, tasks[top].child, task)
    else:
        tasks[top].sibling = removed(tasks, tasks[top].sibling, task)
    _look_below(tasks, top)
    return top


def smallest(tasks: list[TaskState], top: int) -> int:
    """Return the task with the smallest virtual runtime."""
    while tasks[top].child != NOBODY:
        top = tasks[top].child
    return top


def earliest_up_to(tasks: list[TaskState], top: int, limit: int) -> int:
    """Return the task with the earliest deadline among those whose virtual runtime is at most this, or NOBODY."""
    found = NOBODY
    while top != NOBODY:
        if tasks[top].virtual <= limit:  # and so are all on its smaller side
            found = _earlier(tasks, found, top)
            if tasks[top].child != NOBODY:
                found = _earlier(tasks, found, tasks[tasks[top].child].best)
            top = tasks[top].sibling
        else:
            top = tasks[top].child
    return found


def _inserted(tasks: list[TaskState], top: int, task: int) -> int:
    if top == NOBODY:
        return task
    if tasks[task].lot > tasks[top].lot:
        smaller, larger = _split(tasks, top, task)
        tasks[task].child = smaller
        tasks[task].sibling = larger
        _look_below(tasks, task)
        return task
    if _before(tasks, task, top):
        tasks[top].child = _inserted(tasks, tasks[top].child, task)
    else:
        tasks[top].sibling = _inserted(tasks, tasks[top].sibling, task)
    _look_below(tasks, top)
    return top


def _split(tasks: list[TaskState], top: int, task: int) -> tuple[int, int]:
    """Part a tree into those before the task and those after it."""
    if top == NOBODY:
        return NOBODY, NOBODY
    if _before(tasks, task, top):
        smaller, larger = _split(tasks, tasks[top].child, task)
        tasks[top].child = larger
        _look_below(tasks, top)
        return smaller, top
    smaller, larger = _split(tasks, tasks[top].sibling, task)
    tasks[top].sibling = smaller
    _look_below(tasks, top)
    return top, larger


def _merged(tasks: list[TaskState], smaller: int, larger: int) -> int:
    """Make one tree of two; all of the one come before all of the other."""
    if smaller == NOBODY:
        return larger
    if larger == NOBODY:
        return smaller
    if tasks[smaller].lot > tasks[larger].lot:
        tasks[smaller].sibling = _merged(tasks, tasks[smaller].sibling, larger)
        _look_below(tasks, smaller)
        return smaller
    tasks[larger].child = _merged(tasks, smaller, tasks[larger].child)
    _look_below(tasks, larger)
    return larger


def _look_below(tasks: list[TaskState], top: int) -> None:
    best = top
    if tasks[top].child != NOBODY:
        best = _earlier(tasks, best, tasks[tasks[top].child].best)
    if tasks[top].sibling != NOBODY:
        best = _earlier(tasks, best, tasks[tasks[top].sibling].best)
    tasks[top].best = best


def _before(tasks: list[TaskState], one: int, other: int) -> bool:
    a = tasks[one]
    b = tasks[other]
    return a.virtual < b.virtual or (a.virtual == b.virtual and a.order < b.order)


def _earlier(tasks: list[TaskState], one: int, other: int) -> int:
    if one == NOBODY:
        return other
    a = tasks[one]
    b = tasks[other]
    return one if a.due < b.due or (a.due == b.due and a.order < b.order) else other


def _scrambled(number: int) -> int:
    """Return a number of 32 bits that looks random."""
    number = ((number & _MASK) * 0x45D9F3B) & _MASK
    number = ((number ^ (number >> 16)) * 0x45D9F3B) & _MASK
    return number ^ (number >> 16)
