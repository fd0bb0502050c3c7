"""The state of all tasks at one tick, after everything that happens at it: what a rule had before it when it decided.

The engine is played up to there, as plain Python, and looked at. Between two events nothing is decided, but ticks are run, so
those since the last event are added.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec

from climb.systems.scheduler.binding import chosen_by, engine_of
from climb.systems.scheduler.model import Options, Workload
from climb.systems.scheduler.state import NEVER, NOBODY, Machine, TaskState, machine_for

__all__ = ["Moment", "State", "TaskNow", "moment_at"]


class State(Enum):
    """Where a task is."""

    NOT_HERE = "not arrived"
    READY = "ready"
    RUNNING = "running"
    AWAY = "in I/O"
    RESTING = "next job not due"
    DONE = "done"


class TaskNow(msgspec.Struct, frozen=True):
    """One task: since when it has been ready, what is left of its burst, the number by which its policy picks, and
    for those that keep one its virtual runtime or pass.

    ``back`` is the tick at which it becomes ready if it is not here; ``turn`` the ticks at which its turn began and, if a slice
    bounds it, will end.
    """

    name: str
    state: State
    since: int
    left: int
    key: int
    virtual: int
    eligible: bool
    back: int | None = None
    turn: tuple[int, int | None] | None = None


class Moment(msgspec.Struct, frozen=True):
    """All tasks in the workload's order, and what only some policies have: the last random number, the virtual time."""

    tick: int
    tasks: dict[str, TaskNow]
    random: int
    virtual_time: int


def moment_at(workload: Workload, options: Options, tick: int) -> Moment:
    """The state at ``tick``, decisions of that tick included."""
    machine = machine_for(workload, options)
    advance = engine_of(options.policy)
    advance(machine, 0)  # it learns of the arrivals
    while machine.clock[0].next <= tick:
        advance(machine, 1)
    _run_up_to(machine, options.policy, tick)
    away = set(_in_heap(machine, machine.clock[0].timers))
    shown = chosen_by(options.policy)["shown"]
    tasks = {
        task.id: _now(machine, number, task.id, shown(machine, number, tick), number in away)
        for number, task in enumerate(workload.tasks)
    }
    return Moment(tick, tasks, machine.clock[0].random, machine.queues[0].zero)


def _run_up_to(machine: Machine, policy: str, tick: int) -> None:
    """Give the running tasks the ticks since the last event, which took place at or before ``tick``."""
    hooks = chosen_by(policy)
    hooks["boost"](machine, tick)
    for cpu, processor in enumerate(machine.cpus):
        ticks = tick - max(machine.clock[0].now, processor.begins)
        if processor.task != NOBODY and ticks > 0:
            machine.tasks[processor.task].left -= ticks
            hooks["tick"](machine, cpu * machine.separate, processor.task, ticks, tick)


def _now(machine: Machine, number: int, name: str, key: int, away: bool) -> TaskNow:
    task = machine.tasks[number]
    turn = next((each for each in machine.cpus if each.task == number), None)
    state = State.READY
    if turn is not None:
        state = State.RUNNING
    elif task.job == task.jobs:
        state = State.DONE
    elif away:
        state = _away(task)
    return TaskNow(
        name=name,
        state=state,
        since=task.since,
        left=task.left,
        key=key,
        virtual=task.virtual,
        eligible=task.virtual <= machine.queues[0].zero,
        back=task.key if away else None,
        turn=None if turn is None else (turn.begins, None if turn.expires == NEVER else turn.expires),
    )


def _away(task: TaskState) -> State:
    if task.cpu == NOBODY:
        return State.NOT_HERE
    return State.AWAY if task.burst else State.RESTING


def _in_heap(machine: Machine, top: int) -> Iterator[int]:
    """Every task of a heap."""
    while top != NOBODY:
        yield top
        yield from _in_heap(machine, machine.tasks[top].child)
        top = machine.tasks[top].sibling
