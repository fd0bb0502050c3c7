"""Playing a workload: at once as plain Python, and compiled as soon as that will be worth its time.

The plain engine starts immediately and is fast enough for a schedule that people look at. After a moment its own
progress tells how long the rest would take; if that is much longer than loading or compiling the other engine, the
state moves over and the play goes on from there. The schedule is the same.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Literal

from climb.systems.scheduler.binding import engine_of
from climb.systems.scheduler.state import NEVER, jobs_of, machine_for
from climb.systems.scheduler.weights import inverse_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from climb.systems.scheduler.model import Options, Workload
    from climb.systems.scheduler.state import Machine, Row

__all__ = ["Engine", "bunches_of", "fits", "rows_of"]

Engine = Literal["either", "plain", "compiled"]

_EVENTS = 1 << 20  # that the compiled engine plays before it can be interrupted
_LOOK_EVERY = 10_000  # events between two looks at the watch
_LOAD_S = 3.0  # what it takes to load numba and a policy that was compiled before, at most
_COMPILE_S = 25.0  # what it takes to compile a policy, at most; both on a slow machine
_BURST_S = 20e-6  # what a burst takes in plain Python, at least
_LARGEST = 1 << 61  # that may come up in a compiled sum


def rows_of(
    workload: Workload, options: Options, engine: Engine = "either"
) -> Iterator[list[tuple[int, int, int, int, int, int, int]]]:
    """Play; yield finished segments in bunches, in the order of their ends: the fields of ``Row`` in the order of their names."""
    for bunch in bunches_of(workload, options, engine):
        if isinstance(bunch, list):
            yield [(row.cpu, row.end, row.key, row.since, row.start, row.task, row.why) for row in bunch]
        else:
            yield bunch.tolist()


def bunches_of(workload: Workload, options: Options, engine: Engine = "either") -> Iterator[Any]:
    """Play; yield the same as lists of rows or as arrays of numpy, each only until the next is asked for."""
    if engine == "compiled" or (engine == "either" and _is_long(workload, options)):
        from climb.systems.scheduler.compiled import arrays_for

        yield from _compiled(arrays_for(workload, options), options.policy)
        return
    machine = machine_for(workload, options)

    def is_too_long(seconds: float) -> bool:
        return engine != "plain" and _may(workload, options) and seconds > _change_over_s(options.policy)

    yield from _plain(machine, options.policy, _work(workload), is_too_long)
    if machine.clock[0].next != NEVER:
        from climb.systems.scheduler.compiled import arrays_of

        yield from _compiled(arrays_of(machine), options.policy)


def _plain(machine: Machine, policy: str, work: int, is_too_long: Callable[[float], bool]) -> Iterator[list[Row]]:
    """Play as plain Python to the end, or until it would be better to change over."""
    advance = engine_of(policy)
    clock = machine.clock[0]
    events = _LOOK_EVERY
    so_far = 0.0
    while clock.next != NEVER:
        began = time.perf_counter()
        events = advance(machine, events)
        so_far += time.perf_counter() - began
        yield machine.rows[: clock.filled]
        if events == 0:
            events = _LOOK_EVERY
            left = so_far * (work - clock.worked) / max(1, clock.worked)
            if is_too_long(left):
                return


def _change_over_s(policy: str) -> float:
    """Return what it takes until the compiled engine can go on."""
    return _LOAD_S if _is_kept(policy) else _COMPILE_S


def _is_kept(policy: str) -> bool:
    from climb.systems.scheduler.compiled import is_kept

    return is_kept(policy)


def _compiled(state: Any, policy: str) -> Iterator[Any]:
    """Play compiled, from wherever the state is."""
    from climb.systems.scheduler.compiled import compiled_engine_of

    if not _is_kept(policy) and sys.stderr.isatty():
        print(f"compiling {policy}, once …", file=sys.stderr)
    advance = compiled_engine_of(policy)
    while state.clock[0]["next"] != NEVER:
        advance(state, _EVENTS)
        yield state.rows[: state.clock[0]["filled"]]


def _is_long(workload: Workload, options: Options) -> bool:
    """Tell whether the bursts alone are so many that loading the compiled engine pays."""
    bursts = sum(jobs_of(task, workload.until) * (len(task.bursts) // 2 + 1) for task in workload.tasks)
    return bursts * _BURST_S > _LOAD_S and _may(workload, options) and _is_kept(options.policy)


def _may(workload: Workload, options: Options) -> bool:
    """Tell whether this can be played compiled; a short play ends without asking, and loads nothing for it."""
    from climb.systems.scheduler.compiled import available

    return available() and fits(workload, options)


def fits(workload: Workload, options: Options) -> bool:
    """Tell whether no sum can outgrow the numbers of the compiled engine."""
    ticks = sum(jobs_of(task, workload.until) * sum(task.bursts) for task in workload.tasks)
    bursts = sum(jobs_of(task, workload.until) * len(task.bursts) for task in workload.tasks)
    latest = max(task.arrival for task in workload.tasks) + (workload.until or 0)
    costs = workload.switch_cost + workload.migration_cost
    steepest = max(inverse_of(task.nice) for task in workload.tasks)
    largest = latest + ticks * (1 + costs)
    if options.policy in ("cfs", "eevdf", "stride"):
        largest += steepest * (ticks + 2 * bursts * (options.quantum + options.latency + options.granularity))
    if options.policy == "mlfq":
        largest += options.levels * (1 + largest // max(1, options.boost))
    return largest < _LARGEST


def _work(workload: Workload) -> int:
    return sum(jobs_of(task, workload.until) * sum(task.bursts[::2]) for task in workload.tasks)
