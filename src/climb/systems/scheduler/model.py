"""What the scheduler reads and what it answers: workloads, options, segments, schedules. All times are whole ticks."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from climb.systems.scheduler.policies import POLICY

__all__ = [
    "POLICIES",
    "Options",
    "Policy",
    "Queues",
    "Schedule",
    "Segment",
    "Summary",
    "Task",
    "TaskMeasures",
    "Workload",
]

Policy: TypeAlias = str  # a key of POLICY
Queues = Literal["global", "per-cpu"]

POLICIES: tuple[Policy, ...] = tuple(POLICY)


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task: ``bursts`` are ticks of work, I/O, work, … With a ``period`` they are one job, released again and again."""

    id: str
    bursts: tuple[int, ...]
    arrival: int = 0
    priority: int = 0
    nice: int = 0
    tickets: int = 100
    period: int | None = None
    deadline: int | None = None


class Workload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tasks and the machine they run on. ``until`` bounds the releases of periodic jobs."""

    tasks: tuple[Task, ...]
    cpus: int = 1
    switch_cost: int = 0
    migration_cost: int = 0
    until: int | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to schedule. A policy ignores what it does not use. ``allotment`` None means the quantum."""

    policy: Policy
    quantum: int = 4
    aging: int = 0
    levels: int = 3
    allotment: int | None = None
    boost: int = 0
    seed: int = 1
    latency: int = 24
    granularity: int = 3
    queues: Queues = "global"


class Segment(msgspec.Struct, frozen=True, array_like=False):
    """One task on one processor, from ``start`` up to and without ``end``."""

    cpu: int
    task: str
    start: int
    end: int


class TaskMeasures(msgspec.Struct, frozen=True):
    """What one task got; for a periodic one the largest of its jobs."""

    completion: int
    turnaround: int
    waiting: int
    response: int
    switches: int


class Summary(msgspec.Struct, frozen=True):
    """What the schedule is worth as a whole."""

    makespan: int
    throughput: float
    utilization: float
    mean_turnaround: float
    mean_waiting: float
    mean_response: float
    fairness: float
    switches: int
    missed_deadlines: int


class Schedule(msgspec.Struct, frozen=True):
    """The answer: who ran when, and what it was worth. Segments are ordered by start, then processor."""

    policy: Policy
    timeline: tuple[Segment, ...]
    tasks: dict[str, TaskMeasures]
    summary: Summary
