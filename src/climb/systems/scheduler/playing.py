"""Playing a workload: at once as plain Python, and compiled as soon as that will be worth its time.

The plain engine starts immediately and is fast enough for a schedule that people look at. After a moment its own
progress tells how long the rest would take; if that is much longer than loading or compiling the other engine, the
state moves over and the play goes on from there. The schedule is the same.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Literal

from climb.systems.scheduler import compiled, engine
from climb.systems.scheduler.binding import engine_of
from climb.systems.scheduler.state import NEVER, jobs_of, machine_for
from climb.systems.scheduler.weights import inverse_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from climb.systems.scheduler.model import Options, Workload
    from climb.systems.scheduler.state import Machine, Row

__all__ = ["Engine", "bunches_of", "rows_of"]

Engine = Literal["either", "plain", "compiled"]

_LOOK_EVERY = 10_000  # events between two looks at the watch
_LOAD_S = 3.0  # what it takes to load numba and a policy that was compiled before, at most
_COMPILE_S = 25.0  # what it takes to compile a policy, at most; both on a slow machine
_LARGEST = 1 << 61  # that may come up in a compiled sum


def rows_of(
    workload: Workload, options: Options, engine_wanted: Engine = "either"
) -> Iterator[list[tuple[int, int, int, int, int, int, int]]]:
    """Play; yield finished segments in bunches, in the order of their ends: the fields of ``Row`` in the order of their names."""
    for bunch in bunches_of(workload, options, engine_wanted):
        yield bunch.tolist() if hasattr(bunch, "tolist") else [  # type: ignore[misc]
            (row.cpu, row.end, row.key, row.since, row.start, row.task, row.why) for row in bunch
        ]


def bunches_of(workload: Workload, options: Options, engine_wanted: Engine = "either") -> Iterator[Sequence[Row]]:
    """Play; yield the same as rows of the engine's own, objects or a numpy array, each only until the next is asked for."""
    machine = machine_for(workload, options)
    if options.policy == "lottery":
        machine = machine._replace(tree=[0] * (len(machine.queues) * (len(machine.tasks) + 1)))
    engine.prepare(machine)
    if engine_wanted != "compiled":
        patient = engine_wanted == "plain" or not compiled.available() or not fits(workload, options)
        yield from _plain(machine, options.policy, _work(workload), patient=patient)
    if machine.clock[0].next != NEVER:
        yield from _compiled(machine, options.policy)


def _plain(machine: Machine, policy: str, work: int, *, patient: bool) -> Iterator[Sequence[Row]]:
    """Play as plain Python to the end, or until it would be better to change over."""
    advance = engine_of(policy)
    clock = machine.clock[0]
    events = _LOOK_EVERY
    began = time.perf_counter()
    while clock.next != NEVER:
        events = advance(machine, events)
        yield machine.rows[: clock.filled]
        if events == 0:
            events = _LOOK_EVERY
            so_far = time.perf_counter() - began
            left = so_far * (work - clock.worked) / max(1, clock.worked)
            if not patient and left > (_LOAD_S if compiled.is_kept(policy) else _COMPILE_S):
                return


def _compiled(machine: Machine, policy: str) -> Iterator[Sequence[Row]]:
    """Play on, compiled."""
    if not compiled.is_kept(policy) and sys.stderr.isatty():
        print(f"compiling {policy}; this is done once …", file=sys.stderr)
    advance = compiled.compiled_engine_of(policy)
    state = compiled.arrays_of(machine)
    while state.clock[0]["next"] != NEVER:  # type: ignore[index]  # a row of an array
        advance(state, NEVER)
        yield state.rows[: state.clock[0]["filled"]]  # type: ignore[index]


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
