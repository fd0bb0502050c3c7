"""What the workbench and the process that computes schedules tell each other, and the limits of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from climb.systems.scheduler.model import Options, Summary, TaskMeasures, Workload
from climb.workbench.schedules.turns import Turns

__all__ = ["MOST_SECONDS", "MOST_TASKS", "MOST_TURNS", "Ask", "Drawn", "Order", "Panel", "Refused"]

MOST_SECONDS = 20.0  # for all policies of a view; then the process is ended
MOST_TASKS = 2000  # in a workload
MOST_TURNS = 120_000  # drawn for one policy; what comes later is cut, and said to be

Order = Literal["key", "ready", "start"]


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """Schedule a workload under each of ``options``. It is a named one, the recording, or the JSON in ``document``."""

    workload: str
    draw: int
    document: bytes
    machine: dict[str, int]
    options: tuple[Options, ...]


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule: of a policy, or the one that a kernel really made.

    ``growth`` and ``runtime_growth`` are by how much a task's key and virtual runtime grow with each tick that it runs; ``bases`` is
    a task's key when it becomes ready, if it shrinks from there with each tick. Tasks that wait are told in ``order``: by key, by how
    long they are ready, or by who came to run first. With ``weights`` the mean of virtual runtimes tells who is eligible, and after
    each ``quantum`` of running a virtual deadline is set anew, also within a turn. ``complete`` is False where turns were cut. A task
    without measures was not seen to run.
    """

    name: str
    rule: str
    cpus: int
    key: str
    key_scale: float
    growth: tuple[float, ...]
    runtime_growth: tuple[float, ...]
    bases: tuple[int, ...]
    weights: tuple[int, ...]
    quantum: int
    order: Order
    turns: Turns
    complete: bool
    summary: Summary
    measures: tuple[TaskMeasures | None, ...]


class Drawn(msgspec.Struct, frozen=True, kw_only=True, tag="drawn"):
    """The workload on its machine, and the schedules."""

    workload: Workload
    panels: tuple[Panel, ...]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why there is no schedule: one line, with the path inside the document if it is the document's fault."""

    problem: str
