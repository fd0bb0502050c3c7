"""Our side: ``ours.py POLICY TASKS TICKS QUANTUM UNTIL``; compiled, and every segment is handed over."""

from __future__ import annotations

import time

import sides

from climb.systems.scheduler.model import Options, Task, Workload
from climb.systems.scheduler.playing import bunches_of

began = time.perf_counter()
asked = sides.asked()
tiny = Workload(tasks=(Task(id="tiny", bursts=(1,)),))
for _ in bunches_of(tiny, Options(policy=asked.policy), "compiled"):  # numba and the policy are loaded now
    pass
load_s = time.perf_counter() - began

tasks = tuple(
    Task(id=str(n), bursts=(ticks,), arrival=0 if asked.until else n % 7, period=period or None)
    for n, (ticks, period) in enumerate(sides.tasks(asked))
)
workload = Workload(tasks=tasks, until=asked.until or None)
decisions = last = 0
before = sides.peak_kib()
began = time.perf_counter()
for bunch in bunches_of(workload, Options(policy=asked.policy, quantum=asked.quantum), "compiled"):
    decisions += len(bunch)
    last = max(last, int(bunch["end"].max(initial=0)))
seconds = time.perf_counter() - began
sides.tell(decisions=decisions, seconds=seconds, makespan=last, load_s=load_s, grown_kib=sides.peak_kib() - before)
