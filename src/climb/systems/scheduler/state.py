"""Everything that changes while a workload is played, as records of whole numbers.

The engine and the policies are one source for two ways of running. As plain Python, a record is a small object and a
table of them a list; compiled, a record is a row of a numpy array with the same fields. Both are read as
``machine.tasks[3].left``. Tasks, processors and queues are known by their numbers, and ``NOBODY`` is no number.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from climb.systems.scheduler.weights import inverse_of, weight_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from climb.systems.scheduler.model import Options, Task, Workload

__all__ = [
    "NEVER",
    "NOBODY",
    "Clock",
    "Machine",
    "Processor",
    "Queue",
    "Record",
    "Row",
    "TaskState",
    "columns_of",
    "jobs_of",
    "machine_for",
]

NOBODY = -1
NEVER = 1 << 62  # later than any tick, and larger than any number that a policy compares

_ROWS = 256  # segments that are handed over at once by the plain Python engine


class Record:
    """A row of whole numbers, all of them 0 at first; the fields are those that the class names."""

    __slots__: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **values: int) -> None:
        """Fill the row."""
        for name in self.__slots__:
            setattr(self, name, values.get(name, 0))


class TaskState(Record):
    """A task: what it asks for, how far it is, and what the policies keep about it."""

    __slots__ = (  # noqa: RUF023  # what each decision touches stands together, in one line of the processor's cache
        "left", "order", "since", "sibling", "child", "key", "tie", "cpu",
        "virtual", "due", "used", "weight", "inverse", "best", "lot", "level",
        "epoch", "lag", "rank", "tickets", "priority", "burst", "bursts", "first",
        "job", "jobs", "release", "arrival", "period", "deadline",
    )  # fmt: skip

    first: int  # where its bursts begin in the machine's table of bursts
    bursts: int  # how many bursts a job has, I/O included
    burst: int  # which one is under way or next
    left: int  # ticks of work left of it
    arrival: int
    period: int  # 0: none
    deadline: int  # ticks after the release, or NOBODY
    jobs: int
    job: int  # how many are complete
    release: int  # of the job under way or next
    priority: int
    tickets: int
    weight: int
    inverse: int

    cpu: int  # that it ran on last
    since: int  # the tick at which it last became ready
    order: int  # its place in the ready order

    key: int  # by this a heap is ordered,
    tie: int  # and where that is equal by this
    child: int  # links of the heap, list or tree that it stands in
    sibling: int
    lot: int  # tree: random, keeps it flat
    best: int  # tree: who of those below and itself has the earliest deadline

    virtual: int  # the pass of stride, the virtual runtime of cfs and eevdf
    due: int  # the deadline of its job; for eevdf the virtual one
    used: int  # ticks of its allotment; for eevdf since its deadline was set
    level: int
    epoch: int  # mlfq: the boost after which level and used were counted
    lag: int
    rank: int  # priority: its rank when it was picked


class Processor(Record):
    """A processor: whom it runs, since when and how long, and the segment that may still grow."""

    __slots__ = (
        "again", "begins", "expires", "key", "last", "open_end", "open_key", "open_since", "open_start", "open_task",
        "open_why", "picked", "since", "task",
    )  # fmt: skip

    task: int  # that it runs
    last: int  # that it began last
    picked: int  # the tick at which its task was picked,
    begins: int  # at which it begins to run,
    expires: int  # and at which its slice ends
    again: int  # the tick at which replacing its task is to be considered again
    since: int  # when its task had become ready
    key: int  # the number by which its task was picked
    open_task: int  # a segment that goes on if the same task goes on
    open_start: int
    open_end: int
    open_since: int
    open_key: int
    open_why: int


class Queue(Record):
    """The queue of one processor or of all: who is ready, and what the policies keep about them."""

    __slots__ = ("first", "floor", "joined", "last", "load", "ready", "rest", "weight", "zero")

    first: int  # the first of a list, the top of a heap or tree
    last: int  # the last of a list
    ready: int  # how many tasks are ready
    load: int  # how many are ready or running
    joined: int  # the tick at which a task last became ready in step 2
    weight: int  # of all that are ready or running; for lottery, the tickets of the ready ones
    floor: int
    zero: int  # eevdf: the virtual time, rounded down,
    rest: int  # and what was rounded off, times the weight


class Clock(Record):
    """Where the play is."""

    __slots__ = ("epoch", "filled", "next", "now", "order", "random", "timers", "worked")

    now: int
    next: int  # the tick at which something happens next; NOBODY before the first arrival is known
    order: int  # how often a task became ready
    timers: int  # the top of the heap of those that become ready at a known tick
    epoch: int  # mlfq: how many boosts there were
    random: int
    filled: int  # rows that are full
    worked: int  # ticks that all tasks ran together


class Row(Record):
    """A finished segment, when its task became ready before it, by which number it was picked, and why it ended."""

    __slots__ = ("cpu", "end", "key", "since", "start", "task", "why")

    cpu: int
    task: int
    start: int
    end: int
    since: int
    key: int
    why: int


class Machine(NamedTuple):
    """All of it, and the settings."""

    tasks: list[TaskState]
    cpus: list[Processor]
    queues: list[Queue]
    clock: list[Clock]  # one
    rows: list[Row]
    bursts: Sequence[int]
    tree: list[int]  # lottery: sums of tickets
    separate: int  # 1 with a queue for each processor, else 0
    switch_cost: int
    migration_cost: int
    quantum: int
    aging: int
    levels: int
    allotment: int
    boost: int
    latency: int
    granularity: int


def machine_for(workload: Workload, options: Options, tasks: list[TaskState] | None = None) -> Machine:
    """Return the machine before the first tick, with a table of tasks if there is one already."""
    if tasks is None:
        columns = columns_of(workload)
        tasks = [TaskState(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)]
    separate = int(options.queues == "per-cpu")
    queues = workload.cpus if separate else 1
    return Machine(
        tasks=tasks,
        cpus=[
            Processor(task=NOBODY, last=NOBODY, expires=NEVER, again=NEVER, open_task=NOBODY)
            for _ in range(workload.cpus)
        ],
        queues=[Queue(first=NOBODY, last=NOBODY, joined=NOBODY) for _ in range(queues)],
        clock=[Clock(next=NOBODY, random=options.seed, timers=NOBODY)],
        rows=[Row() for _ in range(_ROWS + workload.cpus)],
        bursts=[ticks for task in workload.tasks for ticks in task.bursts],
        tree=[0] * (queues * (len(tasks) + 1) if options.policy == "lottery" else 1),
        separate=separate,
        switch_cost=workload.switch_cost,
        migration_cost=workload.migration_cost,
        quantum=options.quantum,
        aging=options.aging,
        levels=options.levels,
        allotment=options.quantum if options.allotment is None else options.allotment,
        boost=options.boost,
        latency=options.latency,
        granularity=options.granularity,
    )


def jobs_of(task: Task, until: int | None) -> int:
    """Return how many jobs of a task are released."""
    return max(1, -(-((until or 0) - task.arrival) // task.period)) if task.period else 1


def columns_of(workload: Workload) -> dict[str, list[int]]:
    """Return the fields of all tasks that are not 0 at first."""
    tasks = workload.tasks
    counts = [len(task.bursts) for task in tasks]
    nobody = [NOBODY] * len(tasks)
    return {
        "first": [end - count for end, count in zip(accumulate(counts), counts, strict=True)],
        "bursts": counts,
        "left": [task.bursts[0] for task in tasks],
        "arrival": [task.arrival for task in tasks],
        "release": [task.arrival for task in tasks],
        "period": [task.period or 0 for task in tasks],
        "deadline": [task.deadline or task.period or NOBODY for task in tasks],
        "jobs": [jobs_of(task, workload.until) for task in tasks],
        "priority": [task.priority for task in tasks],
        "tickets": [task.tickets for task in tasks],
        "weight": [weight_of(task.nice) for task in tasks],
        "inverse": [inverse_of(task.nice) for task in tasks],
        "cpu": nobody,
        "child": nobody,
        "sibling": nobody,
        "best": nobody,
    }
