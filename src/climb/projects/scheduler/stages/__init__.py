"""The stages of the scheduler, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.fcfs import fcfs

__all__ = ["STAGES", "driver"]

driver = Scheduler

STAGES = (fcfs,)
