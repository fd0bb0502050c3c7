"""The stages of the scheduler, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.scheduler.schedule import Scheduler
from climb.projects.scheduler.stages.cfs import cfs
from climb.projects.scheduler.stages.eevdf import eevdf
from climb.projects.scheduler.stages.fcfs import fcfs
from climb.projects.scheduler.stages.io import io
from climb.projects.scheduler.stages.measures import measures
from climb.projects.scheduler.stages.mlfq import mlfq
from climb.projects.scheduler.stages.priority import priority
from climb.projects.scheduler.stages.processors import processors
from climb.projects.scheduler.stages.real_time import real_time
from climb.projects.scheduler.stages.refusals import refusals
from climb.projects.scheduler.stages.round_robin import round_robin
from climb.projects.scheduler.stages.shares import shares
from climb.projects.scheduler.stages.shortest import shortest
from climb.projects.scheduler.stages.stealing import stealing
from climb.projects.scheduler.stages.switches import switches

__all__ = ["STAGES", "driver"]

driver = Scheduler

STAGES = (
    fcfs,
    measures,
    shortest,
    round_robin,
    io,
    switches,
    refusals,
    priority,
    mlfq,
    shares,
    real_time,
    cfs,
    eevdf,
    processors,
    stealing,
)
