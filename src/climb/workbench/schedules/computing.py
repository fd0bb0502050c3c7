"""From a question to schedules as columns: what the process for that does."""

from __future__ import annotations

from collections.abc import Callable

from climb.systems.scheduler import compiled
from climb.systems.scheduler.errors import SchedulerError
from climb.systems.scheduler.measures import Tally
from climb.systems.scheduler.model import Options, Task, Workload
from climb.systems.scheduler.named import named_workload
from climb.systems.scheduler.playing import Engine, rows_of
from climb.systems.scheduler.policies import POLICY
from climb.systems.scheduler.policies.in_line import InLine
from climb.systems.scheduler.policies.policy import BURST_ENDED, SLICE_ENDED
from climb.systems.scheduler.policies.stride import STRIDE_OF_ONE_TICKET
from climb.systems.scheduler.reading import read_workload
from climb.systems.scheduler.weights import inverse_of, weight_of
from climb.workbench.schedules.choice import workload_as_asked
from climb.workbench.schedules.gathering import Turn, gathered
from climb.workbench.schedules.messages import MOST_TASKS, MOST_TURNS, Ask, Drawn, Order, Panel, Refused
from climb.workbench.schedules.progress import After, Progress
from climb.workbench.schedules.recorded import recorded, recording
from climb.workbench.schedules.shelf import RECORDING
from climb.workbench.schedules.turns import BURST, DONE, REPLACED, SLICE
from climb.workbench.schedules.virtual_runtimes import VirtualRuntimes

__all__ = ["answer"]

_NICE_0 = inverse_of(0)  # what a tick adds to the virtual runtime of a task of nice 0
_IN_TICKS = {"cfs": _NICE_0, "eevdf": _NICE_0}  # keys that are told in ticks of nice 0

# By how much a key grows with each tick that a task runs.
_GROWTH: dict[str, Callable[[Task], float]] = {
    "sjf": lambda _task: -1,
    "srtf": lambda _task: -1,
    "stride": lambda task: STRIDE_OF_ONE_TICKET // task.tickets,
    "cfs": lambda task: inverse_of(task.nice),
}
# The same of the virtual runtime that eevdf has besides its key.
_RUNTIME_GROWTH: dict[str, Callable[[Task], float]] = {"eevdf": lambda task: inverse_of(task.nice)}


def answer(ask: Ask) -> Drawn | Refused:
    """The schedules that are asked for, or why there are none."""
    try:
        workload = workload_as_asked(_workload(ask), ask.machine)
        if len(workload.tasks) > MOST_TASKS:
            return Refused(f"This page takes at most {MOST_TASKS:,} tasks, and these are {len(workload.tasks):,}.")
        before = (recorded(),) if ask.workload == RECORDING else ()
        return Drawn(workload=workload, panels=(*before, *(_panel(workload, options) for options in ask.options)))
    except SchedulerError as error:
        return Refused(str(error))
    except MemoryError:
        return Refused("There is not enough memory for schedules of this length. Ask for fewer tasks or shorter ones.")


def _workload(ask: Ask) -> Workload:
    if ask.workload == RECORDING:
        return recording().workload
    return named_workload(ask.workload, ask.draw) if ask.workload else read_workload(ask.document)


def _panel(workload: Workload, options: Options) -> Panel:
    policy = POLICY[options.policy]
    growth, runtime_growth = _GROWTH.get(options.policy), _RUNTIME_GROWTH.get(options.policy)
    turns, tally = _played(workload, options)
    return Panel(
        name=options.policy,
        rule=policy.rule,
        cpus=workload.cpus,
        key=policy.key or "",
        key_scale=_IN_TICKS.get(options.policy, 1),
        growth=tuple(growth(task) for task in workload.tasks) if growth else (),
        runtime_growth=tuple(runtime_growth(task) for task in workload.tasks) if runtime_growth else (),
        bases=_bases(workload, options),
        weights=_weights(workload, options),
        quantum=options.quantum if runtime_growth else 0,
        order=_order(options.policy),
        turns=gathered(turns[:MOST_TURNS]),
        complete=len(turns) <= MOST_TURNS,
        summary=tally.summary(),
        measures=tuple(tally.tasks().values()),
    )


def _bases(workload: Workload, options: Options) -> tuple[int, ...]:
    """Where ranks begin when a task becomes ready; from there each tick of waiting takes one away."""
    aging = options.policy == "priority" and options.aging
    return tuple(task.priority * aging for task in workload.tasks) if aging else ()


def _weights(workload: Workload, options: Options) -> tuple[int, ...]:
    """By which the queue's virtual time is the mean of virtual runtimes, where there is one queue for all."""
    one_queue = options.queues == "global" or workload.cpus == 1
    return tuple(weight_of(task.nice) for task in workload.tasks) if options.policy == "eevdf" and one_queue else ()


def _order(policy: str) -> Order:
    """In which order tasks that wait are told. With eevdf the key alone does not tell who is next: not all are eligible."""
    if issubclass(POLICY[policy], InLine):
        return "ready"
    return "key" if POLICY[policy].key and policy != "eevdf" else "start"


def _played(workload: Workload, options: Options) -> tuple[list[Turn], Tally]:
    """The first turns, one more than are shown if there are more, and the measures of all."""
    progress, tally = Progress(workload), Tally(workload)
    virtual = VirtualRuntimes(workload, options) if options.policy == "eevdf" else None
    turns: list[Turn] = []
    # Compiling a policy takes too long to wait for it; one that is compiled already is used.
    engine: Engine = "either" if compiled.is_kept(options.policy) else "plain"
    for bunch in rows_of(workload, options, engine):
        for cpu, end, key, ready, start, task, ending in bunch:
            tally.add(cpu, task, start, end)
            if len(turns) <= MOST_TURNS:
                after = progress.ran(task, end - start)
                runtime = virtual.at_start(task, key) if virtual else 0
                turns.append((start, end, ready, key, after.left, runtime, task, cpu, _why(ending, after)))
                if virtual:
                    virtual.ran(task, end - start, ending, after)
    return turns, tally


def _why(ending: int, after: After) -> int:
    if ending == BURST_ENDED:
        return DONE if after.job_ended else BURST
    return SLICE if ending == SLICE_ENDED else REPLACED
