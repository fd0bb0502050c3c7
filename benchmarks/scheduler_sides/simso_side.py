"""Periodic tasks in SimSo, with its own ``EDF_mono`` or ``RM_mono``; a decision is a job that begins or goes on."""

from __future__ import annotations

import time

import sides
from simso.configuration import Configuration
from simso.core import Model

asked = sides.asked()
configuration = Configuration()
configuration.duration = asked.until * configuration.cycles_per_ms
for n, (ticks, period) in enumerate(sides.tasks(asked)):
    configuration.add_task(
        name=f"T{n}", identifier=n + 1, period=period, activation_date=0, wcet=ticks, deadline=period
    )
configuration.add_processor(name="CPU", identifier=1)
configuration.scheduler_info.clas = f"simso.schedulers.{asked.policy.upper()}_mono"
configuration.check_all()
before = sides.peak_kib()
began = time.perf_counter()
model = Model(configuration)
model.run_model()
seconds = time.perf_counter() - began
executions = sum(event.event == event.EXECUTE for task in model.task_list for event in task.monitor.yseries())
sides.tell(decisions=executions, seconds=seconds, makespan=asked.until, grown_kib=sides.peak_kib() - before)
