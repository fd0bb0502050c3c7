"""Round robin as a user of SimPy writes it: each task is a process that requests the processor for a quantum at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sides
import simpy

if TYPE_CHECKING:
    from collections.abc import Iterator


def task(
    environment: simpy.Environment, processor: simpy.Resource, arrival: int, ticks: int, quantum: int
) -> Iterator[simpy.Event]:
    """Run in turns until the work is done."""
    yield environment.timeout(arrival)
    while ticks:
        with processor.request() as request:
            yield request
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
decisions = sum(-(-ticks // asked.quantum) for ticks, _ in sides.tasks(asked))  # a request each
sides.tell(decisions=decisions, seconds=seconds, makespan=environment.now, grown_kib=sides.peak_kib() - before)
