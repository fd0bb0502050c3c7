"""What the judge gives a scheduler: a workload as a document, and options as words of the command line."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Options", "Policy", "Task", "Workload"]

Policy = Literal[
    "fcfs", "sjf", "srtf", "rr", "priority", "mlfq", "lottery", "stride", "cfs", "eevdf", "edf", "rm"
]  # fmt: skip


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task of a workload, with the brief's names and defaults."""

    id: str
    bursts: tuple[int, ...]
    arrival: int = 0
    priority: int = 0
    nice: int = 0
    tickets: int = 100
    period: int | None = None
    deadline: int | None = None

    @property
    def limit(self) -> int | None:
        """Ticks from a release to its deadline: the one given, or else the period."""
        return self.period if self.deadline is None else self.deadline

    def releases(self, until: int | None) -> range:
        """The ticks at which the jobs are released; at least one."""
        if self.period is None:
            return range(self.arrival, self.arrival + 1)
        return range(self.arrival, max(until or 0, self.arrival + 1), self.period)


class Workload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tasks and the machine that they share."""

    cpus: int = 1
    switch_cost: int = 0
    migration_cost: int = 0
    until: int | None = None
    tasks: tuple[Task, ...]

    def document(self) -> bytes:
        """The workload as a program gets it."""
        return msgspec.json.encode(self)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The policy and its options. None leaves an option out, so that the program's own default is at stake."""

    policy: Policy
    given_quantum: int | None = None
    given_allotment: int | None = None
    given_levels: int | None = None
    given_latency: int | None = None
    given_granularity: int | None = None
    given_seed: int | None = None
    aging: int = 0
    boost: int = 0
    per_cpu: bool = False

    @property
    def quantum(self) -> int:
        """Ticks of a time slice."""
        return 4 if self.given_quantum is None else self.given_quantum

    @property
    def allotment(self) -> int:
        """Ticks that a task may use on one level of ``mlfq``."""
        return self.quantum if self.given_allotment is None else self.given_allotment

    @property
    def levels(self) -> int:
        """How many queues ``mlfq`` has."""
        return 3 if self.given_levels is None else self.given_levels

    @property
    def latency(self) -> int:
        """Ticks in which ``cfs`` would run each task once."""
        return 24 if self.given_latency is None else self.given_latency

    @property
    def granularity(self) -> int:
        """The shortest slice of ``cfs``."""
        return 3 if self.given_granularity is None else self.given_granularity

    @property
    def seed(self) -> int:
        """Where the random numbers of ``lottery`` begin."""
        return 1 if self.given_seed is None else self.given_seed

    def words(self) -> list[str]:
        """The options as words of the command line."""
        given = {
            "--policy": self.policy,
            "--quantum": self.given_quantum,
            "--allotment": self.given_allotment,
            "--levels": self.given_levels,
            "--latency": self.given_latency,
            "--granularity": self.given_granularity,
            "--seed": self.given_seed,
            "--aging": self.aging or None,
            "--boost": self.boost or None,
            "--queues": "per-cpu" if self.per_cpu else None,
        }
        return [word for name, value in given.items() if value is not None for word in (name, str(value))]
