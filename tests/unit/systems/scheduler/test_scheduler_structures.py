"""Heap and tree, against lists that are sorted anew each time."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from climb.systems.scheduler.heap import added, without_first
from climb.systems.scheduler.state import NOBODY, TaskState
from climb.systems.scheduler.tree import earliest_up_to, inserted, removed, smallest

_quickly = settings(max_examples=80, deadline=None, derandomize=True)
_SMALL = st.integers(0, 9)


@_quickly
@given(st.lists(st.one_of(_SMALL, st.none()), max_size=60))
def test_a_heap_gives_the_smallest_first(steps: list[int | None]) -> None:
    """A number adds a task with this key, None takes the first: always the smallest key, of equal ones the oldest."""
    tasks = [TaskState() for _ in steps]
    top, model = NOBODY, []
    for task, key in enumerate(steps):
        if key is not None:
            top = added(tasks, top, task, key, task)
            model.append((key, task))
        elif model:
            assert top == min(model)[1]
            model.remove(min(model))
            top = without_first(tasks, top)

    assert (top == NOBODY) == (not model)


@_quickly
@given(st.lists(st.tuples(_SMALL, _SMALL), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_a_tree_knows_the_earliest_deadline_up_to_a_virtual_runtime(rows: list[tuple[int, int]], draw: object) -> None:
    """With tasks coming and going, each question is answered as by looking at all."""
    tasks = [TaskState(virtual=virtual, due=due, order=n) for n, (virtual, due) in enumerate(rows)]
    top, there = NOBODY, []
    for task in [*range(len(tasks)), *range(len(tasks))]:
        if task in there and draw.random() < 0.5:
            top = removed(tasks, top, task)
            there.remove(task)
        elif task not in there:
            top = inserted(tasks, top, task)
            there.append(task)
        for limit in (-1, 3, 9):
            fitting = [n for n in there if tasks[n].virtual <= limit]
            expected = min(fitting, key=lambda n: (tasks[n].due, n), default=NOBODY)
            assert earliest_up_to(tasks, top, limit) == expected
        if there:
            assert smallest(tasks, top) == min(there, key=lambda n: (tasks[n].virtual, n))
