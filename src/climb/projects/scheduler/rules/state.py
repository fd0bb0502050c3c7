"""Where everything stands at one moment of a walk: tasks, processors, queues. The policies keep their numbers here too."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from climb.projects.scheduler.workload import Task

__all__ = ["Became", "Phase", "Processor", "Queue", "TaskState"]


class Phase(Enum):
    """What a task is doing."""

    BEFORE = "not arrived"
    READY = "ready"
    RUNNING = "running"
    IO = "in I/O"
    BETWEEN = "waits for its next job"
    DONE = "finished"


class Became(Enum):
    """Why a task became ready; the sentence goes on with the tick."""

    ARRIVED = "it arrived"
    BACK = "it came back from I/O"
    NEXT_JOB = "its next job became ready"
    SLICE_ENDED = "its slice ended"
    REPLACED = "it was replaced"


@dataclass(eq=False)
class TaskState:
    """One task: what it is doing, how much of its burst is left, and what its policy counts."""

    spec: Task
    place: int  # in the workload's list
    releases: range
    phase: Phase = Phase.BEFORE
    job: int = 0
    burst: int = 0
    left: int = 0
    until: int = 0  # the tick at which it arrives, its I/O ends, or its next job is due
    ready_since: int = 0
    turn: int = 0  # counts up whenever a task becomes ready: the ready order
    became: Became = Became.ARRIVED
    last: int | None = None  # the processor that it ran on last
    queue: Queue | None = None
    rank: int = 0  # priority: what it was when it was picked
    level: int = 0  # mlfq
    used: int = 0  # mlfq: ticks of the allotment
    used_up: bool = False  # mlfq: the allotment was, when it last left a processor
    virtual: int = 0  # stride: the pass; cfs and eevdf: the virtual runtime
    came_at: int = 0  # the tick at which it last arrived or came back
    came_with: int = 0  # the pass or virtual runtime that it got then
    due: int = 0  # eevdf: the virtual deadline
    served: int = 0  # eevdf: ticks run since the virtual deadline was set
    lag: int = 0  # eevdf

    @property
    def id(self) -> str:
        """The task's name."""
        return self.spec.id

    @property
    def release(self) -> int:
        """The tick at which the present job was released."""
        return self.releases[self.job]

    @property
    def deadline(self) -> int | None:
        """The tick by which the present job should be complete, if there is one."""
        return None if self.spec.limit is None else self.release + self.spec.limit

    @property
    def finished(self) -> bool:
        """Whether all jobs are complete."""
        return self.phase is Phase.DONE

    @property
    def ended(self) -> str:
        """What ended its last turn, if that was neither its burst nor another task."""
        return "allotment was used up" if self.used_up else "slice ended"

    @property
    def arrived(self) -> bool:
        """Whether it has become known."""
        return self.phase is not Phase.BEFORE


@dataclass(eq=False)
class Processor:
    """One processor: who runs on it, since when, and for how long this turn may last."""

    number: int
    queue: Queue
    task: TaskState | None = None
    last: TaskState | None = None  # the task that it ran last
    picked_at: int = 0
    begins: int = 0
    ran: int = 0  # ticks of this turn
    slice: int | None = None  # ticks after which this turn ends; None: when the burst ends
    owed: bool = False  # a replacement was to be considered before the task had run one tick

    def is_idle(self) -> bool:
        """Whether it could begin a task."""
        return self.task is None


@dataclass(eq=False)
class Queue:
    """What one processor, or all of them, pick from, with what the policy keeps for the queue as a whole."""

    number: int
    processors: list[Processor] = field(default_factory=list)
    floor: int = 0  # stride and cfs
    kept: int = 0  # eevdf: the virtual time before the last task left
