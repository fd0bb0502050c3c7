"""Round robin as a user of SimPy writes it: each task is a process that requests the processor for a quantum at a time."""

from __future__ import annotations

import time

import sides
import simpy

decisions = 0


def task(environment, processor, arrival, ticks, quantum):
    """Run in turns until the work is done."""
    global decisions
    yield environment.timeout(arrival)
    while ticks:
        with processor.request() as request:
            yield request
            decisions += 1
            turn = min(quantum, ticks)
            yield environment.timeout(turn)
            ticks -= turn


asked = sides.asked()
before = sides.peak_kib()
began = time.perf_counter()
environment = simpy.Environment()
processor = simpy.Resource(environment, capacity=1)
for n, (ticks, _) in enumerate(sides.tasks(asked)):
    environment.process(task(environment, processor, n % 7, ticks, asked.quantum))
environment.run()
seconds = time.perf_counter() - began
sides.tell(decisions=decisions, seconds=seconds, makespan=environment.now, grown_kib=sides.peak_kib() - before)
